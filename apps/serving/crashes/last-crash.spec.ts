import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { DeploymentCommand } from '#libs/domain/index.js';
import { randomIds, reject, systemClock } from '#libs/kernel/index.js';
import { rejection, type CommandMeta } from '#libs/contracts/index.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { CrashJournal } from './crash-journal.js';
import { reportLastCrash, type LastCrashOptions } from './last-crash.js';

const epoch = '0190b2a8-0000-7000-8000-000000abcdef';

/** What is asked of the log after a life whose journal this is; the log refuses, or is away so many times first. */
async function reported(
  lastExit: string | undefined,
  { runs, away = 0 }: { runs?: 'ran' | 'loaded' | 'idle' | 'no journal'; away?: number } = {},
): Promise<{ command: DeploymentCommand; commandId: string }[]> {
  const journal = join(makeFolder('journal'), 'serving-0.running');
  if (runs !== 'no journal') {
    const last = new CrashJournal(journal, epoch);
    const rollout = { deployment: 'credit', rolloutId: 'r1' };
    if (runs === 'loaded') void last.loading(rollout, () => new Promise(() => undefined));
    else if (runs !== 'idle') last.observe(rollout).before();
    last.close();
  }
  const asked: { command: DeploymentCommand; commandId: string }[] = [];
  const execute = (
    _definition: unknown,
    _id: string,
    command: DeploymentCommand,
    meta: CommandMeta,
  ): Promise<unknown> => {
    asked.push({ command, commandId: meta.commandId });
    return asked.length <= away
      ? Promise.reject(new Error('the log is away'))
      : Promise.resolve(reject({ ...rejection('no_change', 'it is recorded already'), as_of_seq: 1 }));
  };
  await reportLastCrash({
    ...{
      journal,
      lastExit,
      instance: 'serving-0',
      aggregates: { execute } as unknown as LastCrashOptions['aggregates'],
      breaker: { crashes: 3, withinS: 300 },
    },
    ...{ clock: systemClock, ids: randomIds, logger: pino({ level: 'silent' }), pause: () => Promise.resolve() },
  });
  return asked;
}

describe('the crash of the process before this one', () => {
  it.each([...['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP'], 'unresponsive'])(
    '%s is told of what ran',
    async (cause) => {
      const [first, ...more] = await reported(cause);
      expect(first?.command).toEqual({
        ...{ type: 'ReportCrash', deployment: 'credit', rollout_id: 'r1', instance: 'serving-0-abcdef', epoch, cause },
        breaker: { crashes: 3, withinS: 300 },
      });
      expect(more).toEqual([]);
    },
  );

  it.each([undefined, 'SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'])('%s is none', async (signal) => {
    expect(await reported(signal)).toEqual([]);
  });

  it('is told of what was being loaded, and of nothing where nothing ran', async () => {
    expect((await reported('SIGSEGV', { runs: 'loaded' }))[0]?.command).toMatchObject({ rollout_id: 'r1' });
    expect(await reported('SIGSEGV', { runs: 'idle' })).toEqual([]);
    expect(await reported('unresponsive', { runs: 'idle' })).toEqual([]);
    expect(await reported('SIGSEGV', { runs: 'no journal' })).toEqual([]);
  });

  it('is told again while the log is away, as the same command, and given up after three times', async () => {
    const asked = await reported('SIGSEGV', { away: 2 });
    expect(asked).toHaveLength(3);
    expect(new Set(asked.map(({ commandId }) => commandId)).size).toBe(1);
    expect(await reported('SIGSEGV', { away: 9 })).toHaveLength(3);
  });
});
