import type { ColumnSample, ReferenceColumn } from '../../summary/column.js';
import type { DriftTest, Tested, TestOutcome } from '../test.js';

/** A column of a window beside its reference. */
export interface ComparedColumn {
  readonly reference: ReferenceColumn;
  readonly window: ColumnSample;
}

/** What a policy remembers of the windows before; plain JSON. One per deployment, version and reference. */
export interface DriftState {
  /** Windows judged; those without enough evidence are not, and use nothing up. */
  readonly windows: number;
}

export interface ColumnVerdict {
  readonly column: string;
  readonly test: string;
  readonly testVersion: number;
  readonly drifted: boolean | 'not_enough_evidence';
  /** Why there is not enough evidence; null where there is, and what follows is null where there is not. */
  readonly reason: string | null;
  readonly statistic: number | null;
  readonly pValue: number | null;
  readonly pValueBy: Tested['pValueBy'];
  /** Corrected for the number of columns; null where the policy does not correct. */
  readonly adjustedP: number | null;
  readonly effect: number | null;
  /** What the adjusted p-value must not exceed, the p-value must be below, or the distance must reach. */
  readonly threshold: number;
  /** What the effect must reach beside; null where the policy has no such bar. */
  readonly effectThreshold: number | null;
}

export interface DataSetVerdict {
  readonly policy: string;
  readonly policyVersion: number;
  readonly drifted: 'drift' | 'no_drift' | 'not_enough_evidence';
  readonly columns: readonly ColumnVerdict[];
  /** Columns with enough evidence. */
  readonly testedColumns: number;
  readonly driftedColumns: number;
  /** Drifted ones among those tested; 0 where none was. */
  readonly share: number;
  /** What the share must reach; null: one column is enough. */
  readonly shareThreshold: number | null;
  /** The error rate of this window's verdict; null where the policy has none. */
  readonly level: number | null;
  /** The error rate of all windows up to this one together; null where the policy has none. */
  readonly spent: number | null;
  /** This window's number among those judged, from 1; null where it was not. */
  readonly window: number | null;
}

/** A column of a window after its test. */
export interface TestedColumn {
  readonly column: string;
  readonly test: Pick<DriftTest, 'name' | 'version' | 'measure' | 'defaultThreshold'>;
  readonly outcome: TestOutcome;
}

export interface Judged {
  readonly state: DriftState;
  readonly verdict: DataSetVerdict;
}

/** How windows are judged, with its parameters: a pure fold of windows into verdicts. */
export interface DriftPolicy {
  readonly name: string;
  readonly version: number;
  /** All of them, defaults filled in; plain JSON. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly initial: DriftState;
  /** @throws RangeError for a column or a test that the parameters name and that does not fit these columns. */
  check(columns: readonly ReferenceColumn[]): void;
  /**
   * Runs the tests of a window, whatever was before it.
   * @param seed of what tests draw, 32 bits: of the deployment and the window.
   * @throws RangeError for a test that does not fit its column.
   */
  test(columns: readonly ComparedColumn[], seed: number): TestedColumn[];
  /** What they come to, given the windows before. */
  decide(state: DriftState, tested: readonly TestedColumn[]): Judged;
  /** The two in one. */
  judge(state: DriftState, columns: readonly ComparedColumn[], seed: number): Judged;
}

export const initialState: DriftState = { windows: 0 };

export function policyOf(parts: Omit<DriftPolicy, 'initial' | 'judge'>): DriftPolicy {
  return {
    ...parts,
    initial: initialState,
    judge: (state, columns, seed) => parts.decide(state, parts.test(columns, seed)),
  };
}

/** What a policy makes of a column; `drifted` and `adjustedP` count where there was enough to test. */
export interface Finding {
  readonly threshold: number;
  readonly effectThreshold: number | null;
  readonly adjustedP: number | null;
  readonly drifted: boolean;
}

export function verdictOf({ column, test, outcome }: TestedColumn, finding: Finding): ColumnVerdict {
  const { threshold, effectThreshold } = finding;
  // Field by field: spread into one another, these objects cost more than most tests.
  return {
    column,
    test: test.name,
    testVersion: test.version,
    drifted: outcome.enough ? finding.drifted : 'not_enough_evidence',
    reason: outcome.enough ? null : outcome.reason,
    statistic: outcome.enough ? outcome.statistic : null,
    pValue: outcome.enough ? outcome.pValue : null,
    pValueBy: outcome.enough ? outcome.pValueBy : null,
    adjustedP: outcome.enough ? finding.adjustedP : null,
    effect: outcome.enough ? outcome.effect : null,
    threshold,
    effectThreshold,
  };
}
