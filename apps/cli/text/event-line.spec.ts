import { describe, expect, it } from '@jest/globals';
import type { MonitoringEvent } from '#libs/contracts/index.js';
import { eventLine } from './event-line.js';

const line = (type: string, data: unknown): string =>
  eventLine({
    ...{ seq: 12, time: '2026-11-23T10:00:00.000Z', subject: 'evt.monitor.churn', actor: 'system:monitoring', type },
    ...{ id: 'e', event_version: 1, aggregate_version: 3, stored_at: '2026-11-23T10:00:00.000Z', command_id: 'c' },
    ...{ correlation_id: 'c', causation_id: null, config_seq: 1, prev_hash: '', hash: '', data },
  });

const basis = {
  ...{ deployment: 'churn', model: 'churn', version: '1.0.0', at: '2026-11-23T10:00:00.000Z', window: 3 },
  inputs: { first: { seq: 1, row: 0 }, last: { seq: 9, row: 9 }, rows: 1000, sampled: 1000 },
  ...{ events_seq: 4, configuration_seq: 1, reference: null, method: { name: 'm', version: 1, parameters: {} } },
  finding_id: '00000000-0000-4000-8000-000000000001',
};
const measured = {
  metric: 'accuracy',
  value: 0.80321,
  low: 0.7,
  high: 0.9,
  bound: 'min',
  threshold: 0.85,
  measured_rows: 900,
} as const;
const issues = ['amount', 'hour', 'town', 'year'].map((column) => ({
  ...{ condition: `quality/missing/${column}`, finding_id: basis.finding_id, check: 'missing' as const, column },
  ...{ value: 0.5, expected: 0.1, threshold: 0.2, detail: 'half of it' },
}));

describe('eventLine', () => {
  it.each<[MonitoringEvent, string]>([
    [
      {
        type: 'DataDriftDetected',
        data: {
          ...{ ...basis, condition: 'data_drift/predictions', scope: 'predictions', policy: 'calibrated' },
          ...{ drifted: 1, compared: 3, threshold: 0.05 },
          columns: [
            {
              ...{ column: 'label', test: 'psi', statistic: 0.3, p_value: null, adjusted_p: null },
              ...{ effect: 0.31234, threshold: 0.2 },
            },
          ],
        },
      },
      'window 3: drift of predictions in 1 of 3 columns (label 0.312)',
    ],
    [
      {
        type: 'DataDriftCleared',
        data: { ...basis, condition: 'data_drift/multivariate', scope: 'multivariate', drifted: 0, compared: 3 },
      },
      'window 3: drift of all columns together is over: 0 of 3 columns',
    ],
    [
      {
        type: 'ConceptDriftDetected',
        data: {
          ...{ ...basis, window: null, condition: 'concept_drift/adwin', detector: 'adwin', labels: 1500 },
          ...{ error_before: 0.125, error_now: 0.375 },
        },
      },
      ': concept drift: adwin after 1500 labels, error 0.375, 0.125 before',
    ],
    [
      {
        type: 'ConceptDriftCleared',
        data: {
          ...{ ...basis, window: null, condition: 'concept_drift/adwin', detector: 'adwin' },
          ...{ labels: 3500, error_now: 0.125 },
        },
      },
      ': concept drift is over: adwin after 3500 labels, error 0.125',
    ],
    [
      {
        type: 'PerformanceDegraded',
        data: { ...basis, ...measured, condition: 'performance_estimated/accuracy', estimated: true },
      },
      'window 3: accuracy estimated at 0.803 (0.7 to 0.9), below its bound of 0.85',
    ],
    [
      {
        type: 'PerformanceDegradationCleared',
        data: { ...basis, ...measured, low: null, condition: 'performance/accuracy', estimated: false },
      },
      'window 3: accuracy 0.803, within its bound of 0.85 again',
    ],
    [
      { type: 'QualityIssueFound', data: { ...basis, issues } },
      'window 3: missing values in amount: half of it; missing values in hour: half of it; missing values in town: half of it; 1 more',
    ],
    [
      { type: 'QualityIssueCleared', data: { ...basis, issues: [{ ...issues[0]!, check: 'volume', column: null }] } },
      'window 3: over: unusual volume',
    ],
  ])('tells what %j says', ({ type, data }, text) => {
    expect(line(type, data)).toContain('monitor/churn  by system:monitoring  churn@1.0.0');
    expect(line(type, data).endsWith(text)).toBe(true);
  });

  it('tells of a monitoring event of another build what any event has', () => {
    expect(line('DataDriftDetected', { model: 'churn', version: '1.0.0', reason: 'new' })).toMatch(
      / {2}churn@1\.0\.0 \(new\)$/,
    );
  });
});
