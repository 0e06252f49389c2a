import type { SequenceInterval } from './confidence-sequence.js';
import type { SampleRatio } from './sample-ratio.js';

export type ArmName = 'a' | 'b';

/**
 * `request`: one was answered, by one arm or both · `outcome`: a value of an arm, which may come late · `pair`: the values of both
 * arms for one request.
 */
export type Observation =
  | { readonly kind: 'request'; readonly arm: ArmName | 'both' }
  | { readonly kind: 'outcome'; readonly arm: ArmName; readonly metric: string; readonly value: number }
  | { readonly kind: 'pair'; readonly metric: string; readonly a: number; readonly b: number };

export interface MetricVerdict {
  readonly metric: string;
  /** Its part of the error rate. */
  readonly alpha: number;
  /**
   * b less a, of which 1 − alpha holds at every look; null: not enough evidence yet. Bounds of a quantile may be infinite, which
   * JSON writes as null.
   */
  readonly difference: SequenceInterval | null;
  readonly values: Readonly<Record<ArmName, number>>;
  readonly standing: 'better' | 'worse' | 'no_worse' | 'open';
}

export interface ExperimentVerdict {
  /** Only `not_yet` can change. */
  readonly verdict: 'promote' | 'roll_back' | 'not_yet' | 'inconclusive';
  readonly reason: 'metrics' | 'sample_ratio_mismatch' | 'out_of_requests' | 'evidence';
  readonly requests: Readonly<Record<ArmName, number>>;
  readonly metrics: readonly MetricVerdict[];
  /** The last look at how requests were parted; null: none yet, or both arms answer each. */
  readonly sampleRatio: SampleRatio | null;
}
