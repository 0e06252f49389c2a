import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import type { FoundFinding } from './monitoring/findings.js';
import type { WatchedWindow } from './monitoring/windows.js';
import { summaryOf, type SummaryInput } from './summary.js';

const window = (number: number): WatchedWindow => ({
  ...{ number, from: 0, to: 1, served: 100, lateShare: 0.2, issues: [], drifted: [], open: [] },
  ...{ predictionsDrifted: false, labelsDrifted: false, estimated: null, withdrawn: false },
  accuracy: { value: 0.8, low: 0.7, high: 0.9 },
});

const found = (state: 'open' | 'cleared', delayMs: number): FoundFinding => ({
  // Of the finding the table takes its state alone.
  finding: { state } as api.Finding,
  delayMs,
});

const well: SummaryInput = {
  wanted: 250,
  windowRows: 100,
  asked: { ids: [], labels: 250, batchMs: [10, 30, 20] },
  served: {
    ...{ served: 250, failed: 0, refused: 0 },
    latency_ms: { p50: 2, p95: 3, p99: 4, mean: 2, max: 5 },
  },
  windows: [window(1), window(2)],
  findings: [found('open', 1500), found('cleared', 20), found('cleared', 40)],
  tally: { requests: 9, errors: 0 },
};

describe('the closing table', () => {
  it('tells what was served, found, and how long it took', () => {
    const { rows, failures } = summaryOf(well);
    expect(failures).toEqual([]);
    expect(Object.fromEntries(rows)).toEqual({
      'requests served': '250',
      errors: '0',
      labels: '250',
      windows: '2',
      findings: '3 (1 open)',
      'from traffic to finding': '40 ms median, 1.5 s longest',
      'request of a batch': '20 ms median, 30 ms 99 %',
      'latency of a prediction': '2 ms median, 4 ms 99 %',
    });
  });

  it.each<[string, Partial<SummaryInput>, string[]]>([
    ['a failed call', { tally: { requests: 9, errors: 1 } }, ['1 errors, expected none']],
    [
      'rows that failed',
      { served: { ...well.served!, served: 248, failed: 1, refused: 1 } },
      ['2 errors, expected none', '248 requests served, expected 250'],
    ],
    ['a log without them', { served: undefined }, ['0 requests served, expected 250']],
    ['a lost label', { asked: { ...well.asked, labels: 249 } }, ['249 labels, expected 250']],
    ['a lost window', { windows: [window(1)] }, ['1 windows, expected 2']],
    [
      'a window without accuracy',
      { windows: [window(1), { ...window(2), accuracy: null }] },
      ['window 2 has labels and no accuracy'],
    ],
    ['no findings', { findings: [] }, ['no findings, though spring is not January']],
    ['a finding without its event', { findings: [found('open', Number.NaN)] }, ['a finding that no event tells']],
  ])('tells %s', (_, change, failures) => {
    expect(summaryOf({ ...well, ...change }).failures).toEqual(failures);
  });
});
