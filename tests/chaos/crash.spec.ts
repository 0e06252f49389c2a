import { describe, expect, it } from '@jest/globals';
import { crashRun } from './crash-run.js';

describe('after kill -9', () => {
  it('of each kind of process, every answered prediction is found, once, as it was answered', async () => {
    const report = await crashRun({
      victims: ['serving', 'nats', 'postgres', 'control', 'group'],
      answers: 1_200,
      connections: 16,
    });
    expect(report).toMatchObject({ lost: [], doubled: [], kills: 5, verify: { ok: true } });
    expect(report.answered).toBeGreaterThanOrEqual(1_200);
  }, 120_000);
});
