/** For specs: records of windows with what matters to read models, and their messages; the rest is always the same. */
import {
  encodeWindowRecord,
  type DriftVerdict,
  type PerformanceMeasured,
  type WindowClosed,
  type WindowRecord,
} from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { isoTime } from '#libs/kernel/index.js';

export const verdict = (scope: DriftVerdict['scope'], columns: readonly string[]): DriftVerdict => ({
  ...{ scope, policy: 'calibrated', drifted: true, drifted_columns: 1, compared_columns: columns.length },
  ...{ method: { name: 'calibrated', version: 1, parameters: { threshold: 0.05 } }, threshold: 0.05 },
  columns: columns.map((column, index) => ({
    ...{ column, test: 'kolmogorov_smirnov', statistic: 0.25, p_value: 0.01, adjusted_p: 0.02, effect: 0.25 },
    ...{ threshold: 0.05, drifted: index === 0 },
  })),
});

const columnQuality = (column: string) => ({
  ...{ column, rows: 90, missing: 9, out_of_range: 1, unseen: 0, unseen_values: [], type_errors: 2, distinct: 80 },
  ...{ min: -1, max: 1, mean: 0.5, sd: 0.25 },
});

const columns = ['amount', 'country', 'hour'];

/** The window of rows `100 × (number − 1)` to `100 × number`, a minute each. */
export const windowClosed = (window: number, more: Partial<WindowClosed> = {}): WindowRecord => ({
  type: 'WindowClosed',
  data: {
    ...{ deployment: 'churn', model: 'churn', version: '1.0.0', window, closed_by: 'count' },
    ...{ first: { seq: 10 * window, row: 0 }, last: { seq: 10 * window + 9, row: 9 } },
    ...{ from: isoTime(60_000 * window), to: isoTime(60_000 * window + 59_000) },
    ...{ events_seq: 3, configuration_seq: 1, reference: { kind: 'window', number: 1 } },
    ...{ rows: { served: 90, failed: 4, refused: 6 }, sampled: 100 },
    latency_ms: { p50: 1, p95: 2, p99: 3, mean: 1.5, max: 4 },
    quality: { columns: columns.map(columnQuality), issues: [] },
    drift: [verdict('features', columns), verdict('predictions', ['label'])],
    estimated: { metrics: { accuracy: { value: 0.875, low: 0.75, high: 1, alert: false } }, withdrawn: false },
    ...{ notes: ['too few labels'], open: ['data_drift/features'] },
    ...more,
  },
});

export const measured = (window: number, more: Partial<PerformanceMeasured> = {}): WindowRecord => ({
  type: 'PerformanceMeasured',
  data: {
    ...{ deployment: 'churn', model: 'churn', version: '1.0.0', window, at: isoTime(60_000 * window + 90_000) },
    ...{ traffic_seq: 10 * window + 12, events_seq: 3, configuration_seq: 1, served: 90, labels: 45, mismatched: 1 },
    ...{ final: false, metrics: { accuracy: { value: 0.5, low: 0.25, high: 0.75 } }, no_change_accuracy: 0.5 },
    label_drift: null,
    detectors: [{ detector: 'adwin', labels: 45, drifts: [30], warning: false }],
    ...more,
  },
});

/** A record as WINDOWS would give it back; sequence and time stand for the message that caused it too. */
export function messageOf(record: WindowRecord, seq: number, time = 1_000 * seq): StreamMessage {
  const { subject, headers, data } = encodeWindowRecord(record, { seq, logTime: time, index: 0 });
  return { seq, time, subject, headers: new Map(Object.entries(headers)), data };
}
