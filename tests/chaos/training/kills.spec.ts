import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '#libs/inference/index.js';
import { trainingKills } from './kills.js';

describe('kills of training workers', () => {
  it('leave jobs that end once, with the artifacts of undisturbed runs', async () => {
    const report = await trainingKills({ jobs: 3, kills: 4, rows: 3000, random: seededRandom(1) });
    expect(report).toMatchObject({ ended: { succeeded: 3 }, different: [], doubled: [], problems: [] });
    expect(report.claims).toBeGreaterThan(3);
  }, 240_000);
});
