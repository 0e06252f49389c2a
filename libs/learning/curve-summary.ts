import type { CurveSummary } from '#libs/contracts/index.js';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import { faultOf } from './curve-faults.js';
import type { CalibrationCurve, Curve, CurveRefusal, PrecisionRecallCurve, RocCurve } from './curve.js';

type WithoutArtifact<Summary> = Summary extends unknown ? Omit<Summary, 'artifact'> : never;

/** What a curve comes to: `CurveSummary` of the contracts, without the artifact. */
export type CurveFigures = WithoutArtifact<CurveSummary>;

/**
 * Figures of a curve, all in [0, 1]; refused with the first value that is out of range, out of order or out of place.
 * - `roc`: the area under it by the trapezoidal rule. It must lead from rate 0 to rates 1.
 * - `pr`: average precision, the sum of (R_n − R_{n−1})·P_n over points of rising recall with R_0 = 0: steps, without
 *   interpolation, as scikit-learn's `average_precision_score`. Recall that is never reached adds nothing.
 * - `calibration`: expected and maximum calibration error over the bins that have rows: the mean of
 *   |observed − predicted|, weighted by rows, and the largest (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017).
 */
export function summariseCurve(curve: Curve): Result<CurveFigures, CurveRefusal> {
  const fault = faultOf(curve);
  return fault === undefined ? accept(figuresOf(curve)) : reject(fault);
}

function figuresOf(curve: Curve): CurveFigures {
  switch (curve.kind) {
    case 'roc':
      return { kind: 'roc', points: curve.fpr.length, auc: areaUnder(curve) };
    case 'pr':
      return { kind: 'pr', points: curve.recall.length, average_precision: averagePrecision(curve) };
    case 'calibration':
      return { kind: 'calibration', bins: curve.counts.length, ...calibrationErrors(curve) };
    default:
      return assertNever(curve, 'kind of curve');
  }
}

function areaUnder({ fpr, tpr }: RocCurve): number {
  let area = 0;
  for (let i = 1; i < fpr.length; i++) area += ((fpr[i]! - fpr[i - 1]!) * (tpr[i]! + tpr[i - 1]!)) / 2;
  return atMostOne(area);
}

function averagePrecision({ precision, recall }: PrecisionRecallCurve): number {
  const last = recall.length - 1;
  const rising = recall[0]! < recall[last]!;
  let sum = 0;
  let before = 0;
  for (let step = 0; step <= last; step++) {
    const point = rising ? step : last - step;
    sum += (recall[point]! - before) * precision[point]!;
    before = recall[point]!;
  }
  return atMostOne(sum);
}

function calibrationErrors({ predicted, observed, counts }: CalibrationCurve) {
  let rows = 0;
  let weighted = 0;
  let largest = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const inBin = counts[bin]!;
    if (inBin === 0) continue;
    const distance = Math.abs(observed[bin]! - predicted[bin]!);
    rows += inBin;
    weighted += inBin * distance;
    largest = Math.max(largest, distance);
  }
  return { expected_calibration_error: atMostOne(weighted / rows), max_calibration_error: largest };
}

/** Rounding of many small steps must not lift a share above the whole. */
const atMostOne = (share: number): number => Math.min(share, 1);
