import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootFolder } from '#apps/platform/root-folder.js';
import { freePort } from '#apps/platform/processes/free-port.js';
import { until } from '#tests/support/wait.js';
import type { HttpTarget } from '../harness/http-alternative.js';
import type { Pinning } from '../harness/pinning.js';
import { processTree } from '../harness/process-usage.js';

/** A model server of others, serving the benchmark's forest on the server's core. */
export interface PythonServer extends HttpTarget {
  /** Where one row is asked for. */
  readonly path: string;
  stop(): Promise<void>;
}

export interface PythonServerOptions {
  /** The interpreter that has its packages. */
  readonly command: string;
  readonly pinning: Pinning;
  readonly modelFile: string;
  /** A folder of its own. */
  readonly folder: string;
}

const sources = (name: string): string => join(rootFolder, 'tests/bench/baselines', name);

/** MLServer in one process, its inference in the event loop's own (no worker pool), one row at a time. */
export async function startMlserver({
  command,
  pinning,
  modelFile,
  folder,
}: PythonServerOptions): Promise<PythonServer> {
  mkdirSync(folder, { recursive: true });
  const [port, grpcPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  write(folder, 'settings.json', {
    ...{ host: '127.0.0.1', http_port: port, grpc_port: grpcPort, metrics_port: metricsPort, metrics_endpoint: null },
    ...{ parallel_workers: 0, debug: false, logging_settings: null },
  });
  write(folder, 'model-settings.json', {
    ...{ name: 'forest', implementation: 'forest_runtime.Forest', parameters: { uri: modelFile } },
  });
  return serve({
    ...{ command, pinning, port, path: '/v2/models/forest/infer', ready: '/v2/health/ready' },
    args: ['-c', 'from mlserver.cli import main; main()', 'start', folder],
    env: { PYTHONPATH: sources('mlserver') },
  });
}

/** BentoML with one worker. */
export function startBentoml({ command, pinning, modelFile, folder }: PythonServerOptions): Promise<PythonServer> {
  return freePort().then((port) =>
    serve({
      ...{ command, pinning, port, path: '/predict', ready: '/readyz' },
      args: ['-m', 'bentoml', 'serve', 'service:Forest', '--host', '127.0.0.1', '--port', String(port)],
      env: {
        PYTHONPATH: sources('bentoml'),
        ...{ BENTOML_HOME: folder, BENTOML_DO_NOT_TRACK: 'True', MODELOG_BENCH_MODEL: modelFile },
      },
      cwd: sources('bentoml'),
    }),
  );
}

interface Served {
  readonly command: string;
  readonly pinning: Pinning;
  readonly port: number;
  readonly path: string;
  readonly ready: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

async function serve({ command, pinning, port, path, ready, args, env, cwd }: Served): Promise<PythonServer> {
  const [program, ...rest] = pinning.server([command, ...args]);
  const child = spawn(program!, rest, { env: { ...process.env, ...env }, cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said = `${said}${text.toString()}`.slice(-4_000)));
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  try {
    await until(
      async () => {
        if (child.exitCode !== null) return 'ended';
        return (await fetch(`http://127.0.0.1:${port}${ready}`)).ok ? 'ready' : undefined;
      },
      { what: () => `${args.join(' ')} to be ready; it said:\n${said}`, timeoutMs: 60_000, everyMs: 200 },
    );
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended:\n${said}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, path, processes: () => ({ server: processTree([child.pid!]) }), stop };
}

const write = (folder: string, name: string, content: object): void => {
  writeFileSync(join(folder, name), JSON.stringify(content));
};
