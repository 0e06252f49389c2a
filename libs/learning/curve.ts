export type Numbers = ArrayLike<number>;

/** True against false positive rate, in order along the curve; thresholds, where they are given, do not rise along it. */
export interface RocCurve {
  readonly kind: 'roc';
  readonly fpr: Numbers;
  readonly tpr: Numbers;
  readonly thresholds?: Numbers | undefined;
}

/**
 * Precision against recall, in either direction. Thresholds run against recall; the end with recall 0, which no
 * threshold gives, may be without one, as scikit-learn writes it.
 */
export interface PrecisionRecallCurve {
  readonly kind: 'pr';
  readonly precision: Numbers;
  readonly recall: Numbers;
  readonly thresholds?: Numbers | undefined;
}

/** Per bin: mean predicted probability, observed share of positives, number of rows. Of an empty bin only that counts. */
export interface CalibrationCurve {
  readonly kind: 'calibration';
  readonly predicted: Numbers;
  readonly observed: Numbers;
  readonly counts: Numbers;
}

export type Curve = RocCurve | PrecisionRecallCurve | CalibrationCurve;

/** Why arrays are no such curve. */
export interface CurveRefusal {
  /** The array at fault: `fpr`. */
  readonly field: string;
  /** Where in it; null: the array as a whole. */
  readonly index: number | null;
  /** The field, what it holds, and what was expected. */
  readonly detail: string;
}
