/** Serving processes are killed one after another while clients predict; how long the pool takes to be whole again. */
import { seededRandom } from '#libs/inference/index.js';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { until } from '#tests/support/wait.js';
import { startClients } from './clients.js';
import { untilReadModelsCaughtUp } from './crash-run.js';
import { newLedger } from './ledger.js';
import { checkAnswers, type CheckedAnswers } from './recorded-answers.js';
import { casesOf, deployFixture } from '#tests/support/fixture-model.js';

export interface PoolKillsOptions {
  readonly processes: number;
  readonly kills: number;
  /** Milliseconds from one kill to the next; a beat that finds the pool not whole yet is left out. */
  readonly everyMs: number;
  readonly connections: number;
  /** Milliseconds that a connection rests after an answer. */
  readonly restMs: number;
  /** Decides whom it meets. */
  readonly seed: number;
}

export interface PoolKillsReport extends CheckedAnswers {
  readonly answered: number;
  /** What clients saw in place of an answer. */
  readonly failures: Readonly<Record<string, number>>;
  /** Milliseconds from each kill to the moment when the process in its place was ready. */
  readonly wholeAfterMs: readonly number[];
  /** Milliseconds that the check of the answers took. */
  readonly checkedInMs: number;
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
      const began = performance.now();
      for (let kill = 0; kill < options.kills; kill++) {
        const next = began + options.everyMs * Math.ceil((performance.now() - began + 1) / options.everyMs);
        await until(() => performance.now() >= next, { what: 'the next kill', timeoutMs: 2 * options.everyMs });
        wholeAfterMs.push(await killOne(platform, random));
      }
      const answered = ledger.answers.length;
      await until(() => ledger.answers.length > answered, { what: 'answers after the last kill' });
    } finally {
      await clients.stop();
    }
    // How soon is no matter of the pool: `why` is asked afterwards.
    await untilReadModelsCaughtUp(platform, 60_000);
    const began = performance.now();
    const checked = await checkAnswers(platform, ledger.answers);
    return {
      answered: ledger.answers.length,
      failures: Object.fromEntries(ledger.failures),
      wholeAfterMs,
      checkedInMs: performance.now() - began,
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
