/** The command line, as texts. */
export interface BacktestFlags {
  readonly deployment: string;
  readonly version?: string;
  readonly detector: readonly string[];
  readonly policy?: string;
  readonly threshold?: string;
  readonly window?: string;
  readonly windowSeconds?: string;
  readonly effect?: string;
  readonly correction?: string;
  readonly reference?: string;
  readonly multivariate?: string;
  readonly minRows?: string;
  readonly raiseAfter?: string;
  readonly clearAfter?: string;
  readonly metric?: string;
  readonly min?: string;
  readonly max?: string;
  readonly set: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly fresh: boolean;
  readonly changePoints?: string;
  readonly within?: string;
  readonly labels?: string;
}

/** Flags of single settings of drift_detection: name on the command line, place in the flags, setting. */
export const driftFlags = [
  ['policy', 'policy', 'policy', 'calibrated or evidently'],
  ['threshold', 'threshold', 'threshold', 'error rate of the verdict over all windows, 0 to 1'],
  ['window', 'window', 'window_size', 'rows of a window; null: by time alone'],
  ['window-seconds', 'windowSeconds', 'window_seconds', 'seconds of a window; null: by count alone'],
  ['effect', 'effect', 'effect', 'least difference that counts, 0 to 1'],
  ['correction', 'correction', 'correction', 'benjamini_hochberg, holm or bonferroni'],
  ['reference', 'reference', 'reference', 'training, or the number of a window'],
  ['multivariate', 'multivariate', 'multivariate', 'none, pca or domain_classifier'],
  ['min-rows', 'minRows', 'min_rows', 'rows below which a window is not judged'],
  ['raise-after', 'raiseAfter', 'raise_after', 'windows in a row after which drift is told'],
  ['clear-after', 'clearAfter', 'clear_after', 'windows in a row after which it is over'],
] as const satisfies readonly (readonly [string, keyof BacktestFlags, string, string])[];
