import type { ColumnSample, ReferenceColumn } from '../summary/column.js';

export type ColumnKind = 'numeric' | 'categorical';

export interface TestContext {
  /** 32 bits: the same seed, reference and window give the same outcome. */
  readonly seed: number;
  /** How many to draw for a p-value by permutation; 0: none, and a distance then has no p-value. */
  readonly permutations: number;
}

export interface Tested {
  readonly enough: true;
  readonly statistic: number;
  /** Null: a distance, and no permutations were asked for. */
  readonly pValue: number | null;
  /**
   * The test's own p-value where it has a closed form, the share of permutations as far out, or beyond what their
   * number can tell the tail fitted to them.
   */
  readonly pValueBy: 'distribution' | 'permutations' | 'permutation_tail' | null;
  /** How much of the probability moved, 0 to 1: `effect-size.ts`. */
  readonly effect: number;
}

export interface NotEnoughEvidence {
  readonly enough: false;
  /** What there is too little of, and how much was expected. */
  readonly reason: string;
}

export type TestOutcome = Tested | NotEnoughEvidence;

/** A drift test as a value: adding one is one file and its line in the registry. */
export interface DriftTest {
  readonly name: string;
  /** Raised with every change that can change an outcome: findings carry it. */
  readonly version: number;
  readonly kinds: readonly ColumnKind[];
  /** What the default threshold is of: drift at a p-value below it, or at a distance of it or more. */
  readonly measure: 'p_value' | 'distance';
  readonly defaultThreshold: number;
  /** What of a column it reads, which is also what its effect is of. */
  readonly reads: 'values' | 'counts';
  run(reference: ReferenceColumn, window: ColumnSample, context: TestContext): TestOutcome;
}
