import { expect, it } from '@jest/globals';
import type { MonitorOutput } from '../contract.js';
import { DeploymentMonitor } from '../monitor.js';
import {
  applyAll,
  chunkFacts,
  chunkOf,
  contextOf,
  deployment,
  findingsIn,
  settingsOf,
  tickFact,
  windowsIn,
  type Rows,
} from '../testing/messages.js';
import { rowsOf, usualReference } from '../testing/usual-rows.js';

const size = 200;
const versions = { '1.0.0': usualReference };

/** Other than the reference in all that is judged: one column constant, rows slow. */
const strange = (seed: number): Rows => {
  const rows = rowsOf(size, seed, 3);
  return {
    ...rows,
    features: { ...rows.features, income: new Array<number>(size).fill(0.5) },
    latencyUs: new Array<number>(size).fill(50_000),
  };
};

const told = (outputs: readonly MonitorOutput[]) =>
  findingsIn(outputs).flatMap(({ type, data }) =>
    'issues' in data
      ? data.issues.map(({ condition, detail }) => [type, condition, type === 'QualityIssueCleared' ? detail : ''])
      : [[type, data.condition, ('reason' in data && data.reason) || '']],
  );

it('what settings ask for no longer is over with the next window, once, and says why', () => {
  const asked = settingsOf({
    drift_detection: { window_size: size, multivariate: 'domain_classifier', reference: { window: 1 } },
    performance: { latency_threshold: 10, estimate: false },
    quality: { max_silence_s: 60 },
  });
  const monitor = new DeploymentMonitor(deployment);
  const usual = chunkFacts([chunkOf(rowsOf(size, 1))]);
  applyAll(monitor, usual, contextOf(asked, versions));
  const other = chunkFacts([chunkOf(strange(2), { counter: 2 })], { seq: 2, from: 1000 });
  const raised = told(applyAll(monitor, [...other, tickFact(3, 100_000)], contextOf(asked, versions)));
  expect(raised.map(([, condition]) => condition).sort()).toEqual([
    ...['data_drift/features', 'data_drift/multivariate', 'performance/latency_p95', 'quality/constant/income'],
    ...['quality/freshness/*', 'quality/range/age'],
  ]);

  // It is compared with a window that it never had, without a test of all columns, without bounds.
  const unasked = settingsOf({
    drift_detection: { window_size: size, reference: { window: 9 } },
    performance: { latency_threshold: null, estimate: false },
    quality: { constant: false, max_silence_s: null },
  });
  const next = chunkFacts([chunkOf(strange(3), { counter: 3 }), chunkOf(strange(4), { counter: 4 })], {
    ...{ seq: 4, from: 110_000 },
  });
  const outputs = applyAll(monitor, next, contextOf(unasked, versions));
  const judged = 'it is judged no longer: the settings do not ask for it, or there is nothing to compare with';
  expect(told(outputs).sort()).toEqual([
    ['DataDriftCleared', 'data_drift/features', judged],
    ['DataDriftCleared', 'data_drift/multivariate', judged],
    [
      ...['PerformanceDegradationCleared', 'performance/latency_p95'],
      'latency is bound no longer: performance.latency_threshold is null',
    ],
    ['QualityIssueCleared', 'quality/constant/income', judged],
    ['QualityIssueCleared', 'quality/freshness/*', 'it is judged no longer: max_silence_s is null'],
  ]);
  // Nothing to compare with is no evidence: the range is not judged, and stays as it was.
  expect(windowsIn(outputs).map(({ open }) => open)).toEqual([['quality/range/age'], ['quality/range/age']]);
});

it('what a window cannot tell for want of rows is not over', () => {
  const settings = settingsOf({ drift_detection: { window_size: null, window_seconds: 60, multivariate: 'pca' } });
  const monitor = new DeploymentMonitor(deployment);
  const few = (seq: number, rows: Rows) => chunkFacts([chunkOf(rows, { counter: seq })], { seq, from: 60_000 * seq });
  const reference = {
    ...usualReference,
    labelled: { rows: [], features: Object.fromEntries(sampleOf(rowsOf(1000, 5))), outputs: {}, target: [] },
  };
  const context = contextOf(settings, { '1.0.0': reference });
  const outputs = applyAll(
    monitor,
    [...few(1, strange(1)), ...few(2, rowsOf(5)), ...few(3, rowsOf(5)), tickFact(4, 240_000)],
    context,
  );
  expect(windowsIn(outputs).map(({ open }) => open.includes('data_drift/multivariate'))).toEqual([true, true, true]);
  expect(windowsIn(outputs)[1]!.notes).toContain('multivariate drift is not judged: 5 rows, expected 100');
});

const sampleOf = ({ features }: Rows) =>
  Object.entries(features).map(([name, values]) => [name, [...values] as (number | string)[]] as const);
