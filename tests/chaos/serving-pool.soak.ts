import { describe, expect, it } from '@jest/globals';
import { poolKills, type PoolKillsReport } from './pool-kills.js';

/** For a look; left out: three minutes of two processes, one of a single one. */
const kills = (standard: number): number => Number(process.env.MODELOG_SOAK_KILLS ?? standard);

const print = (what: string, report: PoolKillsReport): void => {
  const { answered, failures, wholeAfterMs, checkedInMs, lost, doubled } = report;
  const sorted = [...wholeAfterMs].sort((one, other) => one - other).map(Math.round);
  console.log(
    `${what}: ${answered} answered, ${wholeAfterMs.length} kills, whole again after ${sorted[sorted.length >> 1]} ms (median), ${sorted.at(-1)} ms (most), ${sorted.filter((ms) => ms > 2_000).length} times later than 2 s; failures seen by clients: ${JSON.stringify(failures)}; ${lost.length} lost, ${doubled.length} doubled, checked in ${(checkedInMs / 1000).toFixed(1)} s`,
  );
};

describe('kill -9 of serving processes every five seconds, under load', () => {
  it('two processes, three minutes: every answer is in the log, and the pool becomes whole again', async () => {
    const report = await poolKills({
      processes: 2,
      kills: kills(36),
      everyMs: 5_000,
      connections: 24,
      restMs: 40,
      seed: 1,
    });
    print('two processes', report);
    expect(report).toMatchObject({ lost: [], doubled: [] });
    expect(Object.keys(report.failures)).not.toContain('ECONNREFUSED');
  }, 1_200_000);

  it('one process, one minute: its port never refuses a connection', async () => {
    const report = await poolKills({
      processes: 1,
      kills: kills(12),
      everyMs: 5_000,
      connections: 24,
      restMs: 40,
      seed: 2,
    });
    print('one process', report);
    expect(report).toMatchObject({ lost: [], doubled: [] });
    expect(Object.keys(report.failures)).not.toContain('ECONNREFUSED');
  }, 600_000);
});
