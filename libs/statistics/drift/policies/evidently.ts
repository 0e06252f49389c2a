import { fewValues } from '../../summary/edges.js';
import { driftTestNamed } from '../registry.js';
import { streamOf } from '../../random.js';
import type { DriftTest, Tested } from '../test.js';
import { checkChoices, checkColumns, requireWithin, testNamedFor, type ColumnChoices } from './choice.js';
import {
  policyOf,
  verdictOf,
  type ComparedColumn,
  type DataSetVerdict,
  type DriftPolicy,
  type DriftState,
  type Judged,
  type TestedColumn,
} from './policy.js';

export interface EvidentlyParameters extends ColumnChoices {
  /** Of the columns tested, 0.5 unless told. */
  readonly driftShare?: number;
}

/** Rows of the reference with a value up to which p-values are taken, and distances above. */
const mostRowsForPValues = 1000;

/**
 * Evidently's defaults (0.7, `_get_default_stattest` and `drift_share`). Reference of up to 1,000 rows:
 * Kolmogorov–Smirnov, or for at most 5 values χ² against the reference's shares, for at most 2 the Z test, drift at p <
 * 0.05. Larger reference: Wasserstein distance in standard deviations, or for at most 5 values and for categories the
 * Jensen–Shannon distance, drift from 0.1. The data set drifts where at least half of its columns do. Nothing is
 * corrected for the number of columns or of windows: there is no error rate. `thresholds` are of the column's test.
 *
 * Bins are those of the reference: a category that it has not counts with all others it has not.
 *
 * @throws RangeError for a parameter out of range.
 */
export function evidentlyPolicy(parameters: EvidentlyParameters = {}): DriftPolicy {
  const { driftShare = 0.5, tests = {}, thresholds = {} } = parameters;
  requireWithin('driftShare', driftShare, 0, 1);
  checkChoices(parameters, Infinity);
  const settings = { driftShare, tests, thresholds };
  return policyOf({
    name: 'evidently',
    version: 1,
    parameters: settings,
    check: (columns) => {
      checkColumns(settings, columns);
    },
    test: (columns, seed) => columns.map((column) => testColumn(settings, column, seed)),
    decide: (state, tested) => decide(settings, state, tested),
  });
}

type Settings = Required<EvidentlyParameters>;

function testColumn({ tests }: Settings, column: ComparedColumn, seed: number): TestedColumn {
  const { reference, window } = column;
  const test = testNamedFor(reference, tests) ?? usualTest(column);
  const context = { seed: (seed ^ streamOf(reference.name)) >>> 0, permutations: 0 };
  return { column: reference.name, test, outcome: test.run(reference, window, context) };
}

function decide({ driftShare, thresholds }: Settings, state: DriftState, tested: readonly TestedColumn[]): Judged {
  const columns = tested.map((column) => {
    const threshold = Object.hasOwn(thresholds, column.column)
      ? thresholds[column.column]!
      : column.test.defaultThreshold;
    const drifted = column.outcome.enough && hasDrifted(column.test, column.outcome, threshold);
    return verdictOf(column, { threshold, effectThreshold: null, adjustedP: null, drifted });
  });
  const testedColumns = columns.filter(({ drifted }) => drifted !== 'not_enough_evidence').length;
  const driftedColumns = columns.filter(({ drifted }) => drifted === true).length;
  const judged = testedColumns > 0;
  const share = judged ? driftedColumns / testedColumns : 0;
  const verdict: DataSetVerdict = {
    policy: 'evidently',
    policyVersion: 1,
    drifted: !judged ? 'not_enough_evidence' : share >= driftShare ? 'drift' : 'no_drift',
    columns,
    testedColumns,
    driftedColumns,
    share,
    shareThreshold: driftShare,
    level: null,
    spent: null,
    window: judged ? state.windows + 1 : null,
  };
  return { state: judged ? { windows: state.windows + 1 } : state, verdict };
}

const hasDrifted = (test: TestedColumn['test'], { statistic, pValue }: Tested, threshold: number): boolean =>
  test.measure === 'distance' ? statistic >= threshold : (pValue ?? 1) < threshold;

function usualTest(column: ComparedColumn): DriftTest {
  const { reference } = column;
  const values = valuesTogether(column);
  const few = reference.bins.kind === 'categorical' || values <= fewValues;
  if (reference.rows - reference.missing > mostRowsForPValues) {
    return driftTestNamed(few ? 'jensen_shannon' : 'wasserstein');
  }
  return driftTestNamed(!few ? 'ks' : values > 2 ? 'chi_square_goodness' : 'z_proportions');
}

/** Different ones of reference and window together, counted no further than it matters. */
function valuesTogether({ reference, window }: ComparedColumn): number {
  if (reference.bins.kind === 'categorical') {
    return reference.counts.reduce((bins, count, bin) => bins + (count + window.counts[bin]! > 0 ? 1 : 0), 0);
  }
  const values = new Set<number>();
  for (const sample of [reference.values, window.values]) {
    for (let at = 0; at < sample.length && values.size <= fewValues; at++) values.add(sample[at]!);
  }
  return values.size;
}
