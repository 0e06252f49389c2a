import type { HttpTarget } from '../harness/http-alternative.js';
import { startChild, startServer, type Child } from '../harness/child.js';
import type { Pinning } from '../harness/pinning.js';

export type { OnnxLoopReport } from './onnx-loop.js';

/** A baseline server and how to end it. */
export interface Baseline extends HttpTarget {
  stop(): Promise<void>;
}

/** What predict rows are compared with, and what the load generator can drive at all; each a process of its own. */
export interface HttpBaselines {
  readonly echo: Baseline;
  readonly rawTcp: Baseline;
  stop(): Promise<void>;
}

export async function startHttpBaselines(pinning: Pinning): Promise<HttpBaselines> {
  const echo = await start('./echo-server.js', pinning);
  const rawTcp = await start('./tcp-server.js', pinning);
  return {
    echo,
    rawTcp,
    stop: async () => {
      await Promise.all([echo.stop(), rawTcp.stop()]);
    },
  };
}

/** A process that runs the model in a loop when told to; resolves when the model is loaded. */
export async function startOnnxLoop(pinning: Pinning, modelFile: string): Promise<Child> {
  const child = startChild(new URL('./onnx-loop.js', import.meta.url), pinning, [modelFile]);
  await child.nextLine();
  return child;
}

/** One `session.run` and one recorded chunk for each request, in the product's own stream. */
export async function startNaivePredict(pinning: Pinning, modelFile: string, natsUrl: string): Promise<Baseline> {
  const script = new URL('./naive-predict.js', import.meta.url);
  return baselineOf(await startServer(script, pinning, [modelFile], { MODELOG_BENCH_NATS_URL: natsUrl }));
}

async function start(script: string, pinning: Pinning): Promise<Baseline> {
  return baselineOf(await startServer(new URL(script, import.meta.url), pinning));
}

function baselineOf(server: Child & { readonly port: number }): Baseline {
  return { port: server.port, processes: () => ({ server: [server.pid] }), stop: () => server.stop() };
}
