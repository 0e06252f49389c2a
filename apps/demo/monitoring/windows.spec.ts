import { describe, expect, it } from '@jest/globals';
import { encodePredictionId, type api, type DriftVerdict } from '#libs/contracts/index.js';
import type { Flights } from '../flights/flights.js';
import { Asked } from '../stream/asked.js';
import { windowHead, windowLine } from './window-line.js';
import { completeWindows } from './windows.js';

const february = Date.UTC(2001, 1, 1);
const dayMs = 86_400_000;

/** One flight a day; every second one was asked for, two in each chunk. */
const flights: Flights = {
  rows: 16,
  departed: Float64Array.from({ length: 16 }, (_, day) => february + day * dayMs),
  delay: new Float64Array(16),
  distance: new Float64Array(16),
  origin: { names: ['ATL'], codes: new Int32Array(16) },
  destination: { names: ['ATL'], codes: new Int32Array(16) },
};
const rows = Int32Array.of(0, 2, 4, 6, 8, 10, 12, 14);
const asked = new Asked();
for (const place of rows.keys())
  asked.add(encodePredictionId({ seq: 100 + (place >> 1), row: place & 1, check: 0 }), place === 3);

const basis = (window: number, first: api.PerformanceWindow['first'], last: api.PerformanceWindow['last']) => ({
  ...{ window, seq: window, closed_by: 'count' as const, from: '2026-11-23T12:00:00Z', to: '2026-11-23T12:00:01Z' },
  ...{ first, last, rows: { served: 3, failed: 0, refused: 0 }, events_seq: 9, configuration_seq: 1 },
});
const measured = (labels: number, final: boolean): api.PerformanceWindow['measured'] => ({
  ...{ at: '2026-11-23T12:00:02Z', traffic_seq: 120, served: 3, labels, mismatched: 0, final },
  ...{ metrics: { accuracy: { value: 0.75, low: 0.7, high: 0.8 } }, no_change_accuracy: null },
});
const estimated = {
  metrics: { accuracy: { value: 0.8, low: null, high: null, alert: false } },
  withdrawn: false,
};
const verdict = (scope: DriftVerdict['scope'], drifted: boolean): DriftVerdict => ({
  ...{ scope, policy: 'calibrated', method: { name: 'm', version: 1, parameters: {} }, drifted, drifted_columns: 1 },
  ...{ compared_columns: 2, threshold: 0.05 },
  columns: ['hour', 'recent_delay'].map((column) => ({
    ...{ column, test: 'ks', statistic: 1, p_value: 0, adjusted_p: 0, effect: 0.2, threshold: 0.1 },
    drifted: column === 'recent_delay',
  })),
});
const place = { deployment: 'flights', model: 'late', version: '1.0.0' };

const first = basis(1, { seq: 100, row: 0 }, { seq: 101, row: 0 });
const second = basis(2, { seq: 101, row: 1 }, { seq: 102, row: 1 });
const third = basis(3, { seq: 103, row: 0 }, { seq: 103, row: 1 });
const fourth = basis(4, { seq: 104, row: 0 }, { seq: 104, row: 1 });
const good = { reference: null, notes: [], quality: { columns: [], issues: [] } };
const still = { ...{ sampled: 3, reference: null, notes: [], open: [], label_drift: null }, drift: [] };
const told = completeWindows(
  {
    // The newest first, one of them still without some of its labels.
    performance: [
      { ...fourth, measured: measured(3, true), estimated: null },
      { ...third, measured: measured(2, false), estimated: null },
      { ...second, measured: measured(2, true), estimated: { ...estimated, withdrawn: true } },
      { ...first, measured: measured(3, false), estimated },
    ],
    drift: [
      // Of the fourth nothing is known yet of its quality.
      ...[fourth, second].map((each) => ({ ...place, ...each, ...still })),
      {
        ...{ ...place, ...first, sampled: 3, reference: null, notes: [], open: ['data_drift/features'] },
        ...{ drift: [verdict('features', true), verdict('predictions', false)], label_drift: verdict('labels', true) },
      },
    ],
    quality: [
      { ...place, ...second, ...good },
      {
        ...{ ...place, ...first, reference: null, notes: [] },
        quality: {
          columns: [],
          issues: [
            { check: 'missing', column: 'recent_delay', value: 1, expected: 0, threshold: 0.05, detail: '' },
            { check: 'no_reference', column: null, value: 1, expected: null, threshold: 0, detail: '' },
          ],
        },
      },
    ],
  },
  { flights, rows, asked, isLate: (row) => row === 4 },
);

describe('windows of flights', () => {
  it('are told once all is known of them, with the flights that they hold', () => {
    expect(told.map(({ number, from, to, lateShare }) => [number, from, to, lateShare])).toEqual([
      [1, february, february + 4 * dayMs, 1 / 3],
      [2, february + 6 * dayMs, february + 10 * dayMs, 0],
    ]);
    expect(told[0]).toMatchObject({
      ...{ drifted: ['recent_delay'], predictionsDrifted: false, labelsDrifted: true, open: ['data_drift/features'] },
      issues: ['missing recent_delay', 'no_reference'],
    });
    expect(told[1]).toMatchObject({ drifted: [], issues: [], labelsDrifted: false, withdrawn: true });
  });

  it('are lines below a head', () => {
    const line = windowLine(told[0]!);
    expect(windowHead.split(/ {2,}/)).toEqual([
      ...['flights of', 'late', 'measured', 'estimated', 'drift, and what else is not good'],
    ]);
    expect(line.split(/ {2,}/)).toEqual([
      ...['02-01 to 02-05', '33.3 %', '75.0 % (70.0–80.0)', '80.0 %'],
      'recent_delay, labels; missing recent_delay; no_reference',
    ]);
    expect(windowLine(told[1]!)).toContain('withdrawn');
    const estimated = { value: 0.8, low: null, high: null };
    expect(windowLine({ ...told[1]!, estimated })).toContain('80.0 % withdrawn');
  });
});
