/** A deployment changes its version again and again while clients predict. */
import { readFileSync } from 'node:fs';
import { startPlatform, type PlatformHandle, type StartPlatformOptions } from '#tests/support/platform.js';
import { until } from '#tests/support/wait.js';
import { startClients } from './clients.js';
import { newLedger } from './ledger.js';
import { casesOf, post, untilLive } from '#tests/support/fixture-model.js';

export interface HotSwapsOptions {
  readonly swaps: number;
  readonly connections: number;
  readonly restMs?: number;
  readonly env?: StartPlatformOptions['env'];
  /** Told after each swap. */
  readonly onSwap?: (swap: number, pool: PoolMemory) => void;
}

export interface PoolMemory {
  readonly pids: readonly number[];
  /** Bytes, of all serving processes together. */
  readonly residentBytes: number;
}

export interface HotSwapsReport {
  readonly answered: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Before the first swap, and after each. */
  readonly pools: readonly PoolMemory[];
}

const fixture = 'forest-plain';
/** The live one, the former one that is kept warm, and another: so each swap opens a session. */
const versions = ['1.0.0', '1.0.1', '1.0.2'] as const;

export async function hotSwaps(options: HotSwapsOptions): Promise<HotSwapsReport> {
  const platform = await startPlatform({ env: options.env });
  try {
    const { url } = platform;
    await registerVersions(url);
    await post(url, '/api/deploy', { deployment: 'swapped', model: `swapped@${versions[0]}` });
    await untilLive(url, 'swapped');
    const ledger = newLedger();
    const { rows: inputs } = await casesOf(fixture);
    const { connections, restMs } = options;
    const clients = startClients({ url, deployment: 'swapped', inputs, connections, restMs, ledger });
    const pools = [poolOf(platform)];
    const size = pools[0]!.pids.length;
    try {
      for (let swap = 1; swap <= options.swaps; swap++) {
        await swapTo(url, versions[swap % versions.length]!);
        pools.push(await wholePool(platform, size));
        options.onSwap?.(swap, pools.at(-1)!);
      }
    } finally {
      await clients.stop();
    }
    return { answered: ledger.answers.length, failures: Object.fromEntries(ledger.failures), pools };
  } finally {
    await platform.stop();
  }
}

/** The same graph under three digests: what differs is a description in the file. */
async function registerVersions(url: string): Promise<void> {
  const graph = readFileSync(`tests/fixtures/models/${fixture}/model.onnx`);
  const { feature_names } = await casesOf(fixture);
  for (const version of versions) {
    const bytes = Buffer.concat([graph, descriptionField(version)]);
    const { digest } = await post<{ digest: string }>(url, '/api/artifacts', bytes);
    await post(url, '/api/models', { name: 'swapped', version, artifact: digest, feature_names });
  }
}

/** `doc_string` of a ModelProto: fields may follow in any order. */
const descriptionField = (text: string): Buffer => Buffer.concat([Buffer.from([0x32, text.length]), Buffer.from(text)]);

async function swapTo(url: string, version: string): Promise<void> {
  const asked = { deployment: 'swapped', model: `swapped@${version}` };
  const { rollout_id } = await post<{ rollout_id: string }>(url, '/api/deploy', asked);
  await until(
    async () => {
      const response = await fetch(`${url}/api/deploy/status?deployment=swapped`);
      const { items } = (await response.json()) as { items?: { rollout: { rollout_id: string; state: string } }[] };
      const newest = items?.[0]?.rollout;
      return newest?.rollout_id === rollout_id && newest.state === 'live';
    },
    { what: `version ${version} to be live`, timeoutMs: 30_000 },
  );
}

/** Without the one more that there is while a process is replaced. */
const wholePool = (platform: PlatformHandle, size: number): Promise<PoolMemory> =>
  until(
    () => {
      const pool = poolOf(platform);
      return pool.pids.length === size && pool;
    },
    { what: `${size} serving processes`, timeoutMs: 60_000 },
  );

function poolOf(platform: PlatformHandle): PoolMemory {
  const pids = platform
    .processes()
    .filter(({ component }) => /^serving-\d+$/.test(component))
    .map(({ pid }) => pid);
  return { pids, residentBytes: pids.reduce((sum, pid) => sum + residentBytesOf(pid), 0) };
}

/** 0 for a process that has just ended. */
function residentBytesOf(pid: number): number {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}
