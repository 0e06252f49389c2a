import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import type { BenchContext } from '../bench.js';
import type { HttpTarget } from '../harness/http-alternative.js';
import { processTree } from '../harness/process-usage.js';
import { deployForest } from './deploy-forest.js';

export interface ProductUnderTest extends HttpTarget {
  stop(): Promise<void>;
}

/** The whole product with its own NATS and PostgreSQL, one serving process, the forest live, on the server's core. */
export async function startProduct(context: BenchContext): Promise<ProductUnderTest> {
  const platform = await startPlatform({ env: { MODELOG_SERVING_PROCESSES: '1', LOG_LEVEL: 'warn' } });
  try {
    await deployForest(platform.url);
    const { serving, others } = processesOf(platform);
    for (const pid of context.confine ? [...serving, ...others] : serving) context.pinning.moveToServerCore(pid);
  } catch (error) {
    await platform.stop();
    throw error;
  }
  return {
    port: Number(new URL(platform.url).port),
    processes: () => processesOf(platform),
    stop: () => platform.stop(),
  };
}

/** `serving` answers predictions; `others` is everything else: supervisor, api, projector, NATS and PostgreSQL. */
function processesOf(platform: PlatformHandle): { serving: number[]; others: number[] } {
  const components = platform.processes();
  const serving = components.filter(({ component }) => /^serving(-\d+)?$/.test(component)).map(({ pid }) => pid);
  if (serving.length !== 1) {
    const names = components.map(({ component }) => component).join(', ');
    throw new Error(`expected one serving process (serving-0) among the platform's components, got: ${names}`);
  }
  const all = processTree([platform.pid, ...components.map(({ pid }) => pid)]);
  return { serving, others: all.filter((pid) => !serving.includes(pid)) };
}
