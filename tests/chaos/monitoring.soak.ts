import { describe, expect, it } from '@jest/globals';
import { monitoringKills } from './monitoring-kills.js';

const kills = 30;

describe(`${kills} kills of the monitoring process`, () => {
  it('leave what it finds of the electricity market as a replay of the log has it, event for event', async () => {
    const { recorded, replayed, lives, metrics, verify } = await monitoringKills({
      ...{ learnt: 5_000, asked: 40_000 },
      ...{ kills, seed: 6 },
    });
    console.log(`${recorded.records.length} records, ${recorded.findings.length} findings, ${lives} lives`);
    expect(lives).toBe(kills + 1);
    expect(recorded.records.filter(({ type }) => type === 'WindowClosed').length).toBeGreaterThan(100);
    expect(recorded.findings.length).toBeGreaterThan(5);
    expect(recorded).toEqual(replayed);
    expect(metrics.filter((line) => line.startsWith('modelog_monitoring_differences_total'))).toEqual([]);
    expect(metrics).toContainEqual(
      expect.stringMatching(/^modelog_monitoring_rows_total\{.*"prediction".*"monitoring-1"/),
    );
    expect(verify).toMatchObject({ ok: true });
  }, 1_200_000);
});
