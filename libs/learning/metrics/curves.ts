import type { CalibrationCurve, PrecisionRecallCurve, RocCurve } from '../curve.js';
import type { ClassificationRows } from './classification.js';
import { binOf } from './probability-metrics.js';
import { rankSteps, type RankStep } from './ranking.js';

export interface EvaluationCurves {
  /** Of the second of two classes; null: there are more, or rows of one kind alone, or no probabilities. */
  readonly roc: RocCurve | null;
  readonly pr: PrecisionRecallCurve | null;
  /** Of two classes the second one's probability; of more, that of the class that is answered. */
  readonly calibration: CalibrationCurve | null;
}

/** As `curveData` of the contracts takes them, each with at most `mostPoints` points. */
export function evaluationCurves(measured: ClassificationRows, mostPoints = 1000): EvaluationCurves {
  const ranking = measured.classes.length === 2 ? measured.rankingOf(1) : null;
  const steps = ranking === null ? [] : rankSteps(ranking);
  const { hits = 0, misses = 0 } = steps.at(-1) ?? {};
  const ranked = hits > 0 && misses > 0;
  return {
    roc: ranked ? rocOf(steps, mostPoints) : null,
    pr: ranked ? precisionRecallOf(steps, mostPoints) : null,
    calibration: calibrationOf(measured),
  };
}

/** From (0, 0), where the threshold is above every score, to (1, 1). */
function rocOf(steps: readonly RankStep[], mostPoints: number): RocCurve {
  const { hits, misses } = steps.at(-1)!;
  const kept = thinned(withoutStraights(steps), mostPoints - 1);
  return {
    kind: 'roc',
    fpr: [0, ...kept.map((step) => step.misses / misses)],
    tpr: [0, ...kept.map((step) => step.hits / hits)],
    thresholds: [steps[0]!.threshold + 1, ...kept.map(({ threshold }) => threshold)],
  };
}

/** By rising recall, from the highest threshold to the first that has all positives. */
function precisionRecallOf(steps: readonly RankStep[], mostPoints: number): PrecisionRecallCurve {
  const { hits } = steps.at(-1)!;
  const whole = steps.findIndex((step) => step.hits === hits);
  // Recall has to rise: the highest scores may all be of negatives, and one step may take all positives.
  const kept = [{ precision: 1, recall: 0, threshold: steps[0]!.threshold + 1 }];
  for (const step of thinned(steps.slice(0, whole + 1), mostPoints - 1)) {
    kept.push({
      precision: step.hits / (step.hits + step.misses),
      recall: step.hits / hits,
      threshold: step.threshold,
    });
  }
  return {
    kind: 'pr',
    precision: kept.map(({ precision }) => precision),
    recall: kept.map(({ recall }) => recall),
    thresholds: kept.map(({ threshold }) => threshold),
  };
}

/** Without the points on a straight between their neighbours, which change nothing in the curve. */
function withoutStraights(steps: readonly RankStep[]): RankStep[] {
  return steps.filter((step, at) => {
    const before = at === 0 ? { hits: 0, misses: 0 } : steps[at - 1]!;
    const after = steps[at + 1];
    if (after === undefined) return true;
    const rise = (step.hits - before.hits) * (after.misses - step.misses);
    return rise !== (after.hits - step.hits) * (step.misses - before.misses);
  });
}

/** The first, the last, and those between that are nearest to even distances along the curve, in rows. */
function thinned(steps: readonly RankStep[], most: number): RankStep[] {
  if (steps.length <= most) return [...steps];
  const along = ({ hits, misses }: RankStep) => hits + misses;
  const [first, last] = [along(steps[0]!), along(steps.at(-1)!)];
  const kept: RankStep[] = [];
  for (const step of steps) {
    const due = first + ((last - first) * kept.length) / (most - 1);
    if (along(step) >= due || step === steps.at(-1)) kept.push(step);
  }
  return kept;
}

const bins = 10;

function calibrationOf({
  probabilities,
  predicted,
  target,
  classes: { length: classes },
}: ClassificationRows): CalibrationCurve | null {
  if (probabilities === null) return null;
  const sums = new Float64Array(bins);
  const observed = new Float64Array(bins);
  const counts = new Float64Array(bins);
  for (let row = 0; row < target.length; row++) {
    const asked = classes === 2 ? 1 : predicted[row]!;
    const share = probabilities[row * classes + asked]!;
    const bin = binOf(share, bins);
    sums[bin]! += share;
    counts[bin]!++;
    if (target[row] === asked) observed[bin]!++;
  }
  const meanOf = (values: Float64Array) => Array.from(values, (sum, bin) => sum / Math.max(counts[bin]!, 1));
  return { kind: 'calibration', predicted: meanOf(sums), observed: meanOf(observed), counts: [...counts] };
}
