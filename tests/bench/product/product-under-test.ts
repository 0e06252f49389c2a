import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import type { BenchContext } from '../bench.js';
import type { HttpTarget } from '../harness/http-alternative.js';
import { processTree } from '../harness/process-usage.js';
import { deployForest } from './deploy-forest.js';

export interface ProductUnderTest extends HttpTarget {
  /** Of its own nats-server, credentials included. */
  readonly natsUrl: string;
  stop(): Promise<void>;
}

/**
 * The whole product with its own NATS and PostgreSQL, the forest live, its serving processes on the server's core.
 * @param servingProcesses how many answer (default 1)
 */
export async function startProduct(context: BenchContext, servingProcesses = 1): Promise<ProductUnderTest> {
  const platform = await startPlatform({
    env: { MODELOG_SERVING_PROCESSES: String(servingProcesses), LOG_LEVEL: 'warn' },
  });
  const target = { servingProcesses, platform };
  try {
    await deployForest(platform.url);
    const { serving, others } = processesOf(target);
    for (const pid of context.confine ? [...serving, ...others] : serving) context.pinning.moveToServerCore(pid);
  } catch (error) {
    await platform.stop();
    throw error;
  }
  return {
    port: Number(new URL(platform.url).port),
    natsUrl: natsUrlOf(platform.dataDir),
    processes: () => processesOf(target),
    stop: () => platform.stop(),
  };
}

interface Target {
  readonly platform: PlatformHandle;
  readonly servingProcesses: number;
}

/** `serving` answers predictions; `others` is everything else: supervisor, api, projector, NATS and PostgreSQL. */
function processesOf({ platform, servingProcesses }: Target): { serving: number[]; others: number[] } {
  const components = platform.processes();
  const serving = components.filter(({ component }) => /^serving(-\d+)?$/.test(component)).map(({ pid }) => pid);
  if (serving.length !== servingProcesses) {
    const names = components.map(({ component }) => component).join(', ');
    throw new Error(`expected ${servingProcesses} serving processes among the platform's components, got: ${names}`);
  }
  const all = processTree([platform.pid, ...components.map(({ pid }) => pid)]);
  return { serving, others: all.filter((pid) => !serving.includes(pid)) };
}

function natsUrlOf(dataDir: string): string {
  const { nats_url } = JSON.parse(readFileSync(join(dataDir, 'run/connection.json'), 'utf8')) as { nats_url: string };
  return nats_url;
}
