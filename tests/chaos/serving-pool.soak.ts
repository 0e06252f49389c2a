import { describe, expect, it } from '@jest/globals';
import { poolKills, type PoolKillsReport } from './pool-kills.js';

const print = (what: string, { answered, failures, wholeAfterMs }: PoolKillsReport): void => {
  const sorted = [...wholeAfterMs].sort((one, other) => one - other).map(Math.round);
  console.log(
    `${what}: ${answered} answered, ${wholeAfterMs.length} kills, whole again after ${sorted[sorted.length >> 1]} ms (median), ${sorted.at(-1)} ms (most); failures seen by clients: ${JSON.stringify(failures)}`,
  );
};

describe('kill -9 of serving processes every five seconds, under load', () => {
  it('two processes, three minutes: every answer is in the log, and the pool is whole again within 2 s', async () => {
    const report = await poolKills({ processes: 2, kills: 36, everyMs: 5_000, connections: 24, restMs: 40, seed: 1 });
    print('two processes', report);
    expect(report).toMatchObject({ lost: [], doubled: [] });
    expect(Math.max(...report.wholeAfterMs)).toBeLessThan(2_000);
    expect(Object.keys(report.failures)).not.toContain('ECONNREFUSED');
  }, 1_200_000);

  it('one process, one minute: its port never refuses a connection', async () => {
    const report = await poolKills({ processes: 1, kills: 12, everyMs: 5_000, connections: 24, restMs: 40, seed: 2 });
    print('one process', report);
    expect(report).toMatchObject({ lost: [], doubled: [] });
    expect(Math.max(...report.wholeAfterMs)).toBeLessThan(2_000);
    expect(Object.keys(report.failures)).not.toContain('ECONNREFUSED');
  }, 600_000);
});
