import { fitCalibration, type Calibration } from './calibration.js';
import { measuredViews, partOf, viewOf } from './class-views.js';
import { byMetric, expectedMetrics, type ClassView, type EstimatedMetric } from './expected-metrics.js';
import { isotonicAt } from './isotonic.js';
import { checkLabelled, checkScored, wholeRows, widthOf, type LabelledRows, type ScoredRows } from './rows.js';
import { samplingErrorOf, samplingErrors, type SamplingErrors } from './sampling-error.js';

export interface CbpeOptions {
  /** Default 2. */
  readonly classes?: number;
  /** Rows of the windows that will be estimated; given, the reference is cut into chunks of as many. */
  readonly chunkRows?: number;
  /** Else into so many chunks, default 10. */
  readonly chunks?: number;
  /** Of the splits on which calibration is tried, default 0. */
  readonly seed?: number;
}

export interface AlertThreshold {
  readonly lower: number;
  readonly upper: number;
}

/** All there is to know of a fitted estimator: plain JSON. */
export interface CbpeJson {
  readonly method: 'cbpe';
  readonly version: 1;
  readonly classes: number;
  /** Of the reference, those with all their probabilities. */
  readonly rows: number;
  readonly chunkRows: number;
  readonly chunks: number;
  /** Fewer than 6 chunks: the thresholds rest on few figures. */
  readonly fewChunks: boolean;
  /** Of class 1 where there are two, else of each. */
  readonly calibrations: readonly Calibration[];
  readonly errors: SamplingErrors;
  /** Measured on the reference as a whole. */
  readonly reference: Readonly<Record<EstimatedMetric, number | null>>;
  /** null: fewer than two chunks on which the metric is defined. */
  readonly thresholds: Readonly<Record<EstimatedMetric, AlertThreshold | null>>;
}

export interface MetricEstimate {
  /** null: not defined on these rows. */
  readonly value: number | null;
  /** Standard error that comes of so few rows; of what CBPE gets wrong it knows nothing. */
  readonly samplingError: number | null;
  /** Value ± 3 sampling errors, within 0 to 1. */
  readonly low: number | null;
  readonly high: number | null;
  readonly threshold: AlertThreshold | null;
  /** The value is outside of the threshold; null: no value or no threshold, that is, not enough evidence. */
  readonly alert: boolean | null;
}

export interface CbpeEstimate {
  readonly rows: number;
  /** Rows without all their probabilities, of which nothing is said. */
  readonly missing: number;
  readonly metrics: Readonly<Record<EstimatedMetric, MetricEstimate>>;
}

const fewestRows = 100;
const advisedChunks = 6;
/** Standard deviations, for thresholds and for bounds alike: NannyML's. */
const deviations = 3;

/**
 * Confidence-based performance estimation: how well a classifier does on rows without labels, from its own calibrated
 * probabilities (NannyML 0.13; Białek et al. 2024, arXiv 2401.08348). Each row counts as right with the
 * probability that it is, which makes an expected confusion matrix, and its metrics. Probabilities of a class are
 * calibrated where that lowers the calibration error on held-out rows of the reference. An estimate alerts outside of the
 * mean ± 3 standard deviations of what was measured on chunks of the reference, taken in its order.
 *
 * It is right as long as calibrated probabilities stay right, whatever else drifts: `CalibrationPremise` tests that.
 * Fitting takes rows × log(rows) × classes, and so does an estimate.
 *
 *     const cbpe = fitCbpe({ probabilities, predictions, targets }, { chunkRows: 5000 });
 *     cbpe.estimate({ probabilities, predictions }).metrics.roc_auc
 *         { value: 0.961090, samplingError: 0.0018, …, threshold: { lower: 0.9633, upper: 0.9787 }, alert: true }
 *
 * @throws RangeError for options and arrays out of range, and a reference of fewer than 100 rows.
 */
export function fitCbpe(reference: LabelledRows, options: CbpeOptions = {}): Cbpe {
  const { classes = 2, seed = 0 } = options;
  if (!(Number.isInteger(classes) && classes >= 2)) {
    throw new RangeError(`classes: expected a whole number of 2 or more, got ${classes}`);
  }
  checkLabelled(reference, classes);
  const whole = wholeRows(reference, classes);
  const rows = whole.length;
  if (rows < fewestRows)
    throw new RangeError(`reference: expected at least ${fewestRows} rows with probabilities, got ${rows}`);
  const chunkRows = chunkRowsOf(rows, options);
  const views = measuredViews(reference, whole, classes);
  const chunks = Math.max(Math.floor(rows / chunkRows), 1);
  const measured = Array.from({ length: chunks }, (_, chunk) => {
    // What is left over joins the last chunk: a chunk of a few rows would widen every threshold.
    const end = chunk + 1 < chunks ? (chunk + 1) * chunkRows : rows;
    return expectedMetrics(views.map((view) => partOf(view, chunk * chunkRows, end)));
  });
  const errors = samplingErrors(views);
  return new Cbpe({
    ...{ method: 'cbpe', version: 1, classes, rows, chunkRows, chunks, fewChunks: chunks < advisedChunks },
    calibrations: views.map(({ scores, positive }) => fitCalibration(scores, Uint8Array.from(positive), seed)),
    errors,
    reference: expectedMetrics(views),
    thresholds: byMetric((metric) =>
      thresholdOf(
        measured.flatMap((figures) => figures[metric] ?? []),
        (mean) => samplingErrorOf(errors, metric, mean, chunkRows),
      ),
    ),
  });
}

export class Cbpe {
  constructor(readonly fitted: CbpeJson) {}

  /** @throws RangeError where it is of another method or version. */
  static fromJSON(json: CbpeJson): Cbpe {
    const { method, version } = json as { method: string; version: number };
    if (method !== 'cbpe' || version !== 1) throw new RangeError(`cbpe: expected version 1, got ${method} ${version}`);
    return new Cbpe(json);
  }

  toJSON(): CbpeJson {
    return this.fitted;
  }

  /** @throws RangeError for arrays that do not fit together, or hold what they must not. */
  estimate(chunk: ScoredRows): CbpeEstimate {
    const { classes, errors, thresholds } = this.fitted;
    checkScored(chunk, classes);
    const whole = wholeRows(chunk, classes);
    const rows = whole.length;
    const values = rows === 0 ? byMetric(() => null) : expectedMetrics(this.viewsOf(chunk, whole));
    return {
      rows,
      missing: chunk.predictions.length - rows,
      metrics: byMetric((metric) =>
        estimateOf(values[metric], (value) => samplingErrorOf(errors, metric, value, rows), thresholds[metric]),
      ),
    };
  }

  /** Probabilities as they are after calibration, shaped as those given; of a row with a NaN all are NaN. */
  calibrated(probabilities: Float64Array): Float64Array {
    const { classes, calibrations } = this.fitted;
    const width = widthOf(classes);
    const calibrated = probabilities.slice();
    for (let at = 0; at < calibrated.length; at++) {
      const { isotonic } = calibrations[at % width]!;
      const value = calibrated[at]!;
      if (isotonic !== null && !Number.isNaN(value)) calibrated[at] = isotonicAt(isotonic, value);
    }
    if (width > 1) {
      for (let start = 0; start < calibrated.length; start += width)
        normalise(calibrated.subarray(start, start + width));
    }
    return calibrated;
  }

  private viewsOf(chunk: ScoredRows, whole: Int32Array): ClassView[] {
    const { classes } = this.fitted;
    const calibrated = this.calibrated(chunk.probabilities);
    return Array.from({ length: widthOf(classes) }, (_, index) =>
      viewOf(chunk, whole, classes, index, (_, place) => calibrated[place]!),
    );
  }
}

function chunkRowsOf(rows: number, { chunkRows, chunks = 10 }: CbpeOptions): number {
  if (chunkRows !== undefined) {
    if (Number.isInteger(chunkRows) && chunkRows >= 1) return chunkRows;
    throw new RangeError(`chunkRows: expected a whole number of 1 or more, got ${chunkRows}`);
  }
  if (Number.isInteger(chunks) && chunks >= 1 && chunks <= rows) return Math.floor(rows / chunks);
  throw new RangeError(`chunks: expected 1 to the ${rows} rows of the reference, got ${chunks}`);
}

/** @param leastOf a mean, what it varies by where the chunks' figures are all the same. */
function thresholdOf(figures: readonly number[], leastOf: (mean: number) => number | null): AlertThreshold | null {
  if (figures.length < 2) return null;
  const mean = figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
  const measured = Math.sqrt(figures.reduce((sum, figure) => sum + (figure - mean) ** 2, 0) / figures.length);
  const deviation = figures.some((figure) => figure !== figures[0]) ? measured : (leastOf(mean) ?? 0);
  return { lower: Math.max(mean - deviations * deviation, 0), upper: Math.min(mean + deviations * deviation, 1) };
}

function estimateOf(
  value: number | null,
  errorOf: (value: number) => number | null,
  threshold: AlertThreshold | null,
): MetricEstimate {
  if (value === null) return { value, samplingError: null, low: null, high: null, threshold, alert: null };
  const samplingError = errorOf(value);
  const bounds = samplingError === null ? null : deviations * samplingError;
  return {
    value,
    samplingError,
    low: bounds === null ? null : Math.max(value - bounds, 0),
    high: bounds === null ? null : Math.min(value + bounds, 1),
    threshold,
    alert: threshold === null ? null : value < threshold.lower || value > threshold.upper,
  };
}

/** To the sum 1; all alike where all are 0. */
function normalise(row: Float64Array): void {
  const sum = row.reduce((total, value) => total + value, 0);
  for (let at = 0; at < row.length; at++) row[at] = sum === 0 ? 1 / row.length : row[at]! / sum;
}
