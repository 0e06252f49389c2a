import { describe, expect, it } from '@jest/globals';
import { crashRun, type Victim } from './crash-run.js';

const kinds: readonly Victim[] = ['group', 'nats', 'postgres', 'serving', 'control'];

describe('twenty kills under load', () => {
  it('lose none of 100,000 answered predictions and tell none twice', async () => {
    const report = await crashRun({
      victims: Array.from({ length: 20 }, (_, index) => kinds[index % kinds.length]!),
      answers: 100_000,
      connections: 32,
    });
    console.log(
      `${report.answered} answered, ${report.kills} kills, failures seen by clients: ${JSON.stringify(report.failures)}`,
    );
    expect(report).toMatchObject({ lost: [], doubled: [], verify: { ok: true } });
  }, 1_200_000);
});
