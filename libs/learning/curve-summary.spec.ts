import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { curveData, curveSummary } from '#libs/contracts/index.js';
import type { Curve } from './curve.js';
import { summariseCurve, type CurveFigures } from './curve-summary.js';

function figures(curve: Curve): CurveFigures {
  const summary = summariseCurve(curve);
  if (!summary.ok) throw new Error(summary.rejection.detail);
  return summary.value;
}

function auc(fpr: ArrayLike<number>, tpr: ArrayLike<number>): number {
  const found = figures({ kind: 'roc', fpr, tpr });
  if (found.kind !== 'roc') throw new Error(found.kind);
  return found.auc;
}

function averagePrecision(recall: ArrayLike<number>, precision: ArrayLike<number>): number {
  const found = figures({ kind: 'pr', recall, precision });
  if (found.kind !== 'pr') throw new Error(found.kind);
  return found.average_precision;
}

/** Labels and scores of the examples in scikit-learn's documentation of `roc_curve` and `average_precision_score`. */
const example = { labels: [0, 0, 1, 1], scores: [0.1, 0.4, 0.35, 0.8] };

/** Counts at each distinct score, from the highest down. */
function confusion(labels: readonly number[], scores: readonly number[]) {
  const positives = labels.filter((label) => label === 1).length;
  return [...new Set(scores)]
    .sort((a, b) => b - a)
    .map((threshold) => {
      const taken = labels.filter((_, row) => scores[row]! >= threshold);
      const hits = taken.filter((label) => label === 1).length;
      return { threshold, hits, misses: taken.length - hits, positives, negatives: labels.length - positives };
    });
}

describe('ROC curves', () => {
  it.each([
    ['scikit-learn’s example', [0, 0, 0.5, 0.5, 1], [0, 0.5, 0.5, 1, 1], 0.75],
    ['chance', [0, 1], [0, 1], 0.5],
    ['a perfect ranking', [0, 0, 1], [0, 1, 1], 1],
    ['the worst ranking', [0, 1, 1], [0, 0, 1], 0],
    ['a curve that begins above the origin', [0, 1], [0.5, 1], 0.75],
  ])('%s', (_, fpr, tpr, expected) => {
    expect(auc(fpr, tpr)).toBe(expected);
  });

  it('take typed arrays, and thresholds that do not rise', () => {
    const fpr = Float64Array.from([0, 0, 0.5, 0.5, 1]);
    const tpr = Float64Array.from([0, 0.5, 0.5, 1, 1]);
    const thresholds = Float64Array.from([1.8, 0.8, 0.4, 0.35, 0.1]);
    expect(figures({ kind: 'roc', fpr, tpr, thresholds })).toEqual({ kind: 'roc', points: 5, auc: 0.75 });
  });

  it('have the area that counting pairs gives (Mann and Whitney)', () => {
    const scored = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 9 })), { maxLength: 40 });
    fc.assert(
      fc.property(scored, (rows) => {
        const all = [...rows, [0, 3] as const, [1, 5] as const];
        const steps = confusion(
          all.map(([label]) => label),
          all.map(([, score]) => score),
        );
        const won = all
          .filter(([label]) => label === 1)
          .flatMap(([, positive]) =>
            all
              .filter(([label]) => label === 0)
              .map(([, negative]) => (positive === negative ? 0.5 : Number(positive > negative))),
          );
        const expected = won.reduce((sum, one) => sum + one, 0) / won.length;
        const fpr = [0, ...steps.map(({ misses, negatives }) => misses / negatives)];
        const tpr = [0, ...steps.map(({ hits, positives }) => hits / positives)];
        expect(auc(fpr, tpr)).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('never have more area than there is', () => {
    const steps = 100_000;
    const fpr = Float64Array.from({ length: steps + 1 }, (_, i) => i / steps);
    expect(auc(fpr, new Float64Array(steps + 1).fill(1))).toBeLessThanOrEqual(1);
    expect(auc(fpr, new Float64Array(steps + 1).fill(1))).toBeCloseTo(1, 10);
  });
});

describe('precision-recall curves', () => {
  it('of scikit-learn’s example, in both directions', () => {
    const precision = [0.5, 2 / 3, 0.5, 1, 1];
    const recall = [1, 1, 0.5, 0.5, 0];
    expect(averagePrecision(recall, precision)).toBeCloseTo(5 / 6, 15);
    expect(averagePrecision(recall.toReversed(), precision.toReversed())).toBeCloseTo(5 / 6, 15);
  });

  it('are summed in steps: a straight line between two points adds nothing', () => {
    // Area by trapezoids: 0.75.
    expect(averagePrecision([0, 1], [1, 0.5])).toBe(0.5);
  });

  it('begin at recall 0 even when their first point lies further, and may end before recall 1', () => {
    expect(averagePrecision([0.25, 0.5], [1, 0.5])).toBe(0.25 * 1 + 0.25 * 0.5);
  });

  it('sum to the mean precision at the rows that are positive', () => {
    const { labels, scores } = example;
    const steps = confusion(labels, scores);
    const precision = steps.map(({ hits, misses }) => hits / (hits + misses));
    const recall = steps.map(({ hits, positives }) => hits / positives);
    const atPositives = steps.flatMap(({ threshold }, step) =>
      labels.flatMap((label, row) => (label === 1 && scores[row] === threshold ? [precision[step]!] : [])),
    );
    const mean = atPositives.reduce((sum, one) => sum + one, 0) / atPositives.length;
    expect(averagePrecision(recall, precision)).toBeCloseTo(mean, 15);
  });

  it('take thresholds for every point, or for all but the end with recall 0', () => {
    const curve = { kind: 'pr', precision: [0.5, 2 / 3, 1], recall: [1, 0.5, 0] } as const;
    expect(summariseCurve({ ...curve, thresholds: [0.1, 0.2] }).ok).toBe(true);
    expect(summariseCurve({ ...curve, thresholds: [0.1, 0.2, 0.3] }).ok).toBe(true);
    expect(summariseCurve({ ...curve, recall: [1, 0.5, 0.25], thresholds: [0.1, 0.2] })).toMatchObject({
      rejection: { field: 'thresholds', index: null },
    });
  });
});

describe('calibration curves', () => {
  it('weigh the bins by their rows', () => {
    const predicted = [0.125, 0.5, 0.875];
    const observed = [0.25, 0.25, 1];
    expect(figures({ kind: 'calibration', predicted, observed, counts: [4, 2, 2] })).toEqual({
      ...{ kind: 'calibration', bins: 3 },
      // (4·0.125 + 2·0.25 + 2·0.125) / 8
      expected_calibration_error: 0.15625,
      max_calibration_error: 0.25,
    });
  });

  it('leave out bins without rows', () => {
    const curve = { predicted: [0.5, 0, 0.75], observed: [0.5, 1, 0.5], counts: Uint32Array.of(3, 0, 1) };
    expect(figures({ kind: 'calibration', ...curve })).toEqual({
      ...{ kind: 'calibration', bins: 3, expected_calibration_error: 0.0625, max_calibration_error: 0.25 },
    });
  });
});

describe('what is no curve', () => {
  const roc = { kind: 'roc', fpr: [0, 0.5, 1], tpr: [0, 0.5, 1] } as const;
  const pr = { kind: 'pr', precision: [1, 0.5, 0.5], recall: [0, 0.5, 1] } as const;
  const calibration = { kind: 'calibration', predicted: [0.1, 0.9], observed: [0, 1], counts: [1, 1] } as const;

  it.each<[Curve, field: string, index: number | null, detail: string]>([
    [{ ...roc, fpr: [0], tpr: [0] }, 'fpr', null, 'fpr has 1 value, expected at least 2'],
    [{ ...roc, tpr: [0, 1] }, 'tpr', null, 'tpr has 2 values, expected 3 as in fpr'],
    [{ ...roc, fpr: [0, 1.5, 1] }, 'fpr', 1, 'fpr[1] is 1.5, expected 0 to 1'],
    [{ ...roc, tpr: [0, Number.NaN, 1] }, 'tpr', 1, 'tpr[1] is NaN, expected 0 to 1'],
    [{ ...roc, fpr: [0, 0.5, 0.25] }, 'fpr', 2, 'fpr[2] is 0.25, after 0.5; expected values that do not fall'],
    [{ ...roc, tpr: [0.75, 0.5, 1] }, 'tpr', 1, 'tpr[1] is 0.5, after 0.75; expected values that do not fall'],
    [{ ...roc, fpr: [0.25, 0.5, 1] }, 'fpr', 0, 'fpr[0] is 0.25, expected 0'],
    [{ ...roc, fpr: [0, 0.5, 0.75] }, 'fpr', 2, 'fpr[2] is 0.75, expected 1'],
    [{ ...roc, tpr: [0, 0.5, 0.75] }, 'tpr', 2, 'tpr[2] is 0.75, expected 1'],
    [{ ...roc, thresholds: [2, 1] }, 'thresholds', null, 'thresholds has 2 values, expected 3 as in fpr'],
    [{ ...roc, thresholds: [Infinity, 1, 0] }, 'thresholds', 0, 'thresholds[0] is Infinity, expected a finite number'],
    [
      { ...roc, thresholds: [0, 1, 2] },
      'thresholds',
      1,
      'thresholds[1] is 1, after 0; expected values that do not rise',
    ],
    [{ ...pr, precision: [], recall: [] }, 'recall', null, 'recall has 0 values, expected at least 2'],
    [{ ...pr, precision: [1, 0.5, -0.5] }, 'precision', 2, 'precision[2] is -0.5, expected 0 to 1'],
    [{ ...pr, recall: [0, 0.75, 0.5] }, 'recall', 2, 'recall[2] is 0.5, after 0.75; expected values that do not fall'],
    [{ ...pr, recall: [1, 0.25, 0.5] }, 'recall', 2, 'recall[2] is 0.5, after 0.25; expected values that do not rise'],
    [{ ...pr, recall: [1, 0.5, 1] }, 'recall', null, 'recall begins and ends with 1, expected it to rise or to fall'],
    [
      { ...pr, thresholds: [1, 2, 3] },
      'thresholds',
      1,
      'thresholds[1] is 2, after 1; expected values that do not rise',
    ],
    [{ ...calibration, observed: [0] }, 'observed', null, 'observed has 1 value, expected 2 as in counts'],
    [{ ...calibration, counts: [1, 1.5] }, 'counts', 1, 'counts[1] is 1.5, expected a whole number of rows'],
    [{ ...calibration, counts: [0, 0] }, 'counts', null, 'counts has no rows in any bin'],
    [{ ...calibration, predicted: [0.1, 2] }, 'predicted', 1, 'predicted[1] is 2, expected 0 to 1'],
    [
      { ...calibration, predicted: [0.9, 0.1] },
      'predicted',
      1,
      'predicted[1] is 0.1, after 0.9; expected bins in order of the predicted probability',
    ],
  ])('%j', (curve, field, index, detail) => {
    expect(summariseCurve(curve)).toEqual({ ok: false, rejection: { field, index, detail } });
  });
});

it('takes what the contracts parse and gives what they record', () => {
  const artifact = `sha256:${'0'.repeat(64)}`;
  const parsed: Curve[] = [
    { kind: 'roc', ...curveData.roc.parse({ fpr: [0, 1], tpr: [0, 1] }) },
    { kind: 'pr', ...curveData.pr.parse({ recall: [0, 1], precision: [1, 1] }) },
    { kind: 'calibration', ...curveData.calibration.parse({ predicted: [0, 1], observed: [0, 1], counts: [1, 1] }) },
  ];
  for (const curve of parsed) {
    const recorded = { ...figures(curve), artifact };
    expect(curveSummary.parse(recorded)).toEqual(recorded);
  }
});
