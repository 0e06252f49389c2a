import type { ReferenceColumn } from '../../summary/column.js';
import { adjustedPValues, corrections, type Correction } from '../multiple-testing.js';
import { streamOf } from '../../random.js';
import { driftTestNamed } from '../registry.js';
import { alphaOf, alphaSpent } from '../sequential.js';
import type { DriftTest } from '../test.js';
import { checkChoices, checkColumns, kindOf, requireWithin, testNamedFor, type ColumnChoices } from './choice.js';
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

export interface CalibratedParameters extends ColumnChoices {
  /** The chance of any false alarm of the data set, over all windows together; 0.05 unless told. */
  readonly errorRate?: number;
  /** What a column's effect must reach, 0.1 unless told; `thresholds` has others by column. See `effect-size.ts`. */
  readonly effect?: number;
  /** Over columns; Benjamini and Hochberg's unless told. */
  readonly correction?: Correction;
  /** Of tests that have no distribution of their own, 999 unless told; at least 99. */
  readonly permutations?: number;
}

/**
 * The default policy. A column drifts where its p-value survives the correction over columns at the level of this
 * window and its effect reaches the bar: it is no accident, and it is large enough to matter. The data set drifts where
 * a column does. The levels of all windows add up to `errorRate` (`sequential.ts`), which is therefore the chance of
 * one false alarm or more, ever, as long as rows are independent draws.
 *
 * Numeric columns are tested by Kolmogorov and Smirnov, those of at most 5 values and categorical ones by the
 * likelihood ratio χ² (`g_test`), unless named otherwise. A verdict is of its window alone and an alarm changes no
 * later level, so nothing is to be reset after one; raising once and clearing once is the caller's hysteresis.
 *
 * @throws RangeError for a parameter out of range.
 */
export function calibratedPolicy(parameters: CalibratedParameters = {}): DriftPolicy {
  const settings = withDefaults(parameters);
  return policyOf({
    name: 'calibrated',
    version: 1,
    parameters: { ...settings },
    check: (columns) => {
      checkColumns(settings, columns);
    },
    test: (columns, seed) => columns.map((column) => testColumn(settings, column, seed)),
    decide: (state, tested) => decide(settings, state, tested),
  });
}

type Settings = Required<CalibratedParameters>;

function withDefaults(parameters: CalibratedParameters): Settings {
  const { errorRate = 0.05, effect = 0.1, correction = 'benjamini_hochberg', permutations = 999 } = parameters;
  const { tests = {}, thresholds = {} } = parameters;
  if (!(errorRate > 0 && errorRate < 1)) throw new RangeError(`errorRate: expected between 0 and 1, got ${errorRate}`);
  requireWithin('effect', effect, 0, 1);
  if (!corrections.includes(correction)) {
    throw new RangeError(`correction: expected one of ${corrections.join(', ')}, got ${JSON.stringify(correction)}`);
  }
  if (!Number.isInteger(permutations))
    throw new RangeError(`permutations: expected a whole number, got ${permutations}`);
  requireWithin('permutations', permutations, 99, 1e6);
  checkChoices(parameters, 1);
  return { errorRate, effect, correction, permutations, tests, thresholds };
}

function testColumn(settings: Settings, { reference, window }: ComparedColumn, seed: number): TestedColumn {
  const test = testNamedFor(reference, settings.tests) ?? usualTest(reference);
  const context = { seed: (seed ^ streamOf(reference.name)) >>> 0, permutations: settings.permutations };
  return { column: reference.name, test, outcome: test.run(reference, window, context) };
}

function decide(settings: Settings, state: DriftState, tested: readonly TestedColumn[]): Judged {
  const { errorRate, effect, correction, thresholds } = settings;
  const enough = tested.map(({ outcome }) => outcome).filter((outcome) => outcome.enough);
  const corrected = adjustedPValues(
    Float64Array.from(enough, ({ pValue }) => pValue ?? 1),
    correction,
  );
  const judged = enough.length > 0;
  const window = state.windows + 1;
  // A window that is not judged shows the level it would have had.
  const level = alphaOf(window, errorRate);
  let next = 0;
  const columns = tested.map((column) => {
    const effectThreshold = Object.hasOwn(thresholds, column.column) ? thresholds[column.column]! : effect;
    const adjustedP = column.outcome.enough ? corrected[next++]! : 1;
    const drifted = adjustedP <= level && column.outcome.enough && column.outcome.effect >= effectThreshold;
    return verdictOf(column, { threshold: level, effectThreshold, adjustedP, drifted });
  });
  const driftedColumns = columns.filter(({ drifted }) => drifted === true).length;
  const verdict: DataSetVerdict = {
    policy: 'calibrated',
    policyVersion: 1,
    drifted: !judged ? 'not_enough_evidence' : driftedColumns > 0 ? 'drift' : 'no_drift',
    columns,
    testedColumns: enough.length,
    driftedColumns,
    share: judged ? driftedColumns / enough.length : 0,
    shareThreshold: null,
    level: judged ? level : null,
    spent: alphaSpent(judged ? window : state.windows, errorRate),
    window: judged ? window : null,
  };
  return { state: judged ? { windows: window } : state, verdict };
}

/** By the reference alone: a test chosen after looking at the window would not keep its error rate. */
const usualTest = (reference: ReferenceColumn): DriftTest =>
  driftTestNamed(kindOf(reference) === 'numeric' ? 'ks' : 'g_test');
