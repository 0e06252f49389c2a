/** Serving processes are killed one after another while clients predict; how long the pool takes to be whole again. */
import { seededRandom } from '#libs/inference/index.js';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { until } from '#tests/support/wait.js';
import { startClients } from './clients.js';
import { checkAnswers, untilReadModelsCaughtUp } from './crash-run.js';
import { newLedger } from './ledger.js';
import { casesOf, deployFixture } from '#tests/support/fixture-model.js';

export interface PoolKillsOptions {
  readonly processes: number;
  readonly kills: number;
  /** Milliseconds from one kill to the next. */
  readonly everyMs: number;
  readonly connections: number;
  /** Milliseconds that a connection rests after an answer. */
  readonly restMs: number;
  /** Decides whom it meets. */
  readonly seed: number;
}

export interface PoolKillsReport {
  readonly answered: number;
  /** What clients saw in place of an answer. */
  readonly failures: Readonly<Record<string, number>>;
  /** Milliseconds from each kill to the moment when the process in its place was ready. */
  readonly wholeAfterMs: readonly number[];
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
}

export async function poolKills(options: PoolKillsOptions): Promise<PoolKillsReport> {
  const platform = await startPlatform({
    env: { MODELOG_SERVING_PROCESSES: String(options.processes), MODELOG_SERVING_STANDBY: '1' },
  });
  try {
    await deployFixture(platform.url, 'forest-plain', 'chaos');
    const { rows } = await casesOf('forest-plain');
    const ledger = newLedger();
    const { url } = platform;
    const clients = startClients({ ...options, url, deployment: 'chaos', inputs: rows, ledger });
    const wholeAfterMs: number[] = [];
    try {
      const random = seededRandom(options.seed);
      for (let kill = 0; kill < options.kills; kill++) {
        const next = performance.now() + options.everyMs;
        await until(() => performance.now() >= next, { what: 'the next kill', timeoutMs: 2 * options.everyMs });
        wholeAfterMs.push(await killOne(platform, random));
      }
      const answered = ledger.answers.length;
      await until(() => ledger.answers.length > answered, { what: 'answers after the last kill' });
    } finally {
      await clients.stop();
    }
    await untilReadModelsCaughtUp(platform);
    const checked = await checkAnswers(url, ledger.answers);
    return {
      answered: ledger.answers.length,
      failures: Object.fromEntries(ledger.failures),
      wholeAfterMs,
      ...checked,
    };
  } finally {
    await platform.stop();
  }
}

async function killOne(platform: PlatformHandle, random: () => number): Promise<number> {
  const serving = platform.processes().filter(({ component }) => /^serving-\d+$/.test(component));
  const victim = serving[Math.floor(random() * serving.length)]!;
  const restarts = restartsIn(platform);
  const at = performance.now();
  process.kill(victim.pid, 'SIGKILL');
  await until(() => restartsIn(platform) > restarts, {
    what: () => `${victim.component} to run again:\n${platform.output().slice(-2_000)}`,
    timeoutMs: 30_000,
  });
  return performance.now() - at;
}

/** As the platform tells them, each once the new process is ready. */
const restartsIn = (platform: PlatformHandle): number => platform.output().split(' runs again').length - 1;
