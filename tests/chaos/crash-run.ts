/**
 * The crash test: clients keep predicting while processes are killed without warning; afterwards every answer a client
 * holds must be in the log, once, with the very output it was given.
 */
import { startClients } from './clients.js';
import { newLedger, type Ledger } from './ledger.js';
import { checkAnswers, type CheckedAnswers } from './recorded-answers.js';
import { gauges } from '#apps/cli/http/gauges.js';
import { casesOf, deployFixture } from '#tests/support/fixture-model.js';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { until } from '#tests/support/wait.js';

export type Victim = 'group' | 'nats' | 'postgres' | 'serving' | 'control';

export interface CrashRunOptions {
  readonly victims: readonly Victim[];
  /** Predictions that clients must have been answered in all, spread evenly between the kills. */
  readonly answers: number;
  readonly connections: number;
}

export interface CrashReport extends CheckedAnswers {
  readonly answered: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly verify: { readonly ok: boolean; readonly output: string };
}

export async function crashRun(options: CrashRunOptions): Promise<CrashReport> {
  let platform = await startPlatform();
  const ledger = newLedger();
  try {
    await deployFixture(platform.url, 'forest-plain', 'chaos');
    const { rows } = await casesOf('forest-plain');
    const perKill = Math.ceil(options.answers / (options.victims.length + 1));
    const clients = startClients({
      url: platform.url,
      deployment: 'chaos',
      inputs: rows,
      connections: options.connections,
      ledger,
    });
    try {
      for (const [index, victim] of options.victims.entries()) {
        await untilAnswered(ledger, perKill * (index + 1));
        platform = await strike(platform, victim);
      }
      await untilAnswered(ledger, options.answers);
    } finally {
      await clients.stop();
    }
    await until(async () => (await fetch(`${platform.url}/health/ready`)).status === 200, {
      what: 'the platform to be ready again',
      timeoutMs: 30_000,
    });
    await untilReadModelsCaughtUp(platform);
    const checked = await checkAnswers(platform, ledger.answers);
    return {
      answered: ledger.answers.length,
      failures: Object.fromEntries(ledger.failures),
      kills: options.victims.length,
      ...checked,
      verify: await platform.cli(['verify', '--json']),
    };
  } finally {
    await platform.stop();
  }
}

const untilAnswered = (ledger: Ledger, count: number): Promise<unknown> =>
  until(() => ledger.answers.length >= count, {
    what: () =>
      `${count} answers (${ledger.answers.length} so far; failures ${JSON.stringify(Object.fromEntries(ledger.failures))})`,
    timeoutMs: 60_000,
  });

/** By default the last sequence has to be reached within 5 s of quiet. */
export const untilReadModelsCaughtUp = (platform: PlatformHandle, timeoutMs = 5_000): Promise<unknown> => {
  let told: string[] = [];
  return until(
    async () => {
      const exposition = await (await fetch(`${platform.url}/metrics`)).text();
      told = exposition.split('\n').filter((line) => line.startsWith('modelog_read_model_'));
      const metrics = gauges(exposition);
      const gaps = metrics('modelog_read_model_gap_messages');
      const gapOf = (projection: string | undefined) =>
        gaps.find(({ labels }) => labels['projection'] === projection)?.value;
      const readModels = metrics('modelog_read_model_position');
      return readModels.length > 0 && readModels.every(({ labels }) => gapOf(labels['projection']) === 0);
    },
    { what: () => `every read model to reach the end of its log: ${told.join('\n')}`, timeoutMs },
  );
};

/** SIGKILL, and what an operator would do after it: nothing, or start the platform again. */
async function strike(platform: PlatformHandle, victim: Victim): Promise<PlatformHandle> {
  if (victim === 'group') {
    await platform.killGroup();
    return startPlatform({ dataDir: platform.dataDir, port: platform.port });
  }
  const target = platform.processes().find(({ component }) => component.startsWith(victim));
  if (target === undefined) throw new Error(`no process of ${victim} among ${JSON.stringify(platform.processes())}`);
  process.kill(target.pid, 'SIGKILL');
  return platform;
}
