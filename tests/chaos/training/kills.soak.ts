import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '#libs/inference/index.js';
import { trainingKills } from './kills.js';

describe('fifty kills of training workers', () => {
  it('leave ten jobs that end once, with the artifacts of undisturbed runs', async () => {
    const report = await trainingKills({ jobs: 10, kills: 50, rows: 20_000, random: seededRandom(1) });
    console.log(JSON.stringify(report));
    expect(report).toMatchObject({ ended: { succeeded: 10 }, different: [], doubled: [], problems: [] });
    expect(report.claims).toBeGreaterThan(10);
  }, 1_800_000);
});
