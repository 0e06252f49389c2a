import { describe, expect, it } from '@jest/globals';
import { rollbacks } from './rollbacks.js';

const rounds = Number(process.env.MODELOG_SOAK_ROUNDS ?? 50);

describe('blue-green rollouts and their rollbacks, under load', () => {
  it(`${rounds} of them, every fifth with a stopped process: no row is of an older table than a rollback answered for`, async () => {
    const report = await rollbacks({ rounds, stopEvery: 5, connections: 16, restMs: 5, seed: 1 });
    const took = (isOneStopped: boolean): number[] =>
      report.rolledBack
        .filter((each) => each.isOneStopped === isOneStopped)
        .map(({ tookMs }) => Math.round(tookMs))
        .sort((one, other) => one - other);
    const [whole, stopped] = [took(false), took(true)];
    console.log(
      `${report.answered} answered, ${report.rows} rows; rolled back in ${whole[whole.length >> 1]} ms (median), ${whole.at(-1)} ms (most); with a stopped process ${stopped.at(-1)} ms (most); failures seen by clients: ${JSON.stringify(report.failures)}`,
    );
    expect(report.misrouted).toEqual([]);
    expect(report.late).toEqual([]);
    expect(report.rows).toBeGreaterThanOrEqual(report.answered);
    expect(report.failures).toEqual({});
    expect(report.rolledBack.filter(({ isOneStopped, expired }) => isOneStopped !== (expired.length === 1))).toEqual(
      [],
    );
  }, 3_600_000);
});
