import { describe, expect, it } from '@jest/globals';
import { classificationMetrics, Random, regressionMetrics } from '#libs/learning/index.js';
import type { MetricInterval } from '#libs/statistics/index.js';
import { classMetrics, sharesIn, sharesOf } from './class-metrics.js';
import { numberMetrics } from './number-metrics.js';

/** Rows of a model that is right mostly, with the probabilities of its classes. */
function drawn(rows: number, classes: number, seed: number) {
  const random = new Random(seed);
  const targets = Int32Array.from({ length: rows }, () => random.below(classes));
  const probabilities = new Float64Array(rows * classes);
  const predictions = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const shares = Array.from({ length: classes }, (_, index) => random.float() + 0.4 * Number(targets[row] === index));
    const sum = shares.reduce((total, share) => total + share, 0);
    for (const [index, share] of shares.entries()) probabilities[row * classes + index] = share / sum;
    predictions[row] = shares.indexOf(Math.max(...shares));
  }
  return { targets, predictions, probabilities };
}

const namesOf = (classes: number) => Array.from({ length: classes }, (_, index) => String(index));

function measuredOf({ targets, predictions, probabilities }: ReturnType<typeof drawn>, classes: number) {
  const names = namesOf(classes);
  const kept = [...targets].flatMap((target, row) =>
    sharesIn(
      {
        label: String(target),
        probabilities: Object.fromEntries(names.map((name, index) => [name, probabilities[row * classes + index]])),
      },
      names,
    ),
  );
  expect(kept).toHaveLength(targets.length * sharesOf(classes));
  return classMetrics({
    rows: targets.length,
    wrong: targets.filter((target, row) => target !== predictions[row]).length,
    declared: classes,
    classes: { targets, predictions },
    probabilities: Float64Array.from(kept),
  });
}

const valueOf = (interval: MetricInterval | undefined) => interval?.value;

describe('of classes', () => {
  it.each([2, 3, 7, 10, 14])('%i: are those that versions are compared by', (classes) => {
    const rows = drawn(400, classes, classes);
    const measured = measuredOf(rows, classes);
    const { metrics } = classificationMetrics({
      ...{ target: rows.targets, predicted: rows.predictions, probabilities: rows.probabilities, classes },
    });
    const names = ['accuracy', 'balanced_accuracy', 'precision', 'recall', 'f1', 'log_loss'];
    for (const name of classes > 10 ? names : [...names, 'roc_auc'])
      expect(valueOf(measured[name])).toBeCloseTo(metrics[name]!, 10);
    expect('roc_auc' in measured).toBe(classes <= 10);
    for (const interval of Object.values(measured)) {
      if (!interval.enough) throw new Error('expected an interval');
      expect(interval.low).toBeLessThan(interval.value);
      expect(interval.high).toBeGreaterThan(interval.value);
    }
  });

  it('have no interval where rows are few', () => {
    const measured = measuredOf(drawn(29, 2, 1), 2);
    expect(Object.values(measured).filter(({ enough }) => enough)).toEqual([measured['roc_auc']]);
  });

  it('count a label that is none of the classes as one that is never answered', () => {
    const [targets, predictions] = [Int32Array.of(0, 1, 2, 2), Int32Array.of(0, 1, 1, 0)];
    const measured = classMetrics({
      ...{ rows: 4, wrong: 2, declared: 2, classes: { targets, predictions } },
      probabilities: Float64Array.of(0.1, 0.9, 0.8, 0.3),
    });
    expect(Object.fromEntries(Object.entries(measured).map(([name, { value }]) => [name, value]))).toEqual({
      ...{ accuracy: 0.5, balanced_accuracy: 2 / 3, precision: 0.5, recall: 1, f1: 2 / 3, specificity: 2 / 3 },
      ...{ roc_auc: 1, log_loss: expect.closeTo(-Math.log(0.9), 12) as unknown },
    });
  });

  it('of one class alone, and of too many to tell apart', () => {
    const ones = new Int32Array(40);
    const one = classMetrics({
      ...{ rows: 40, wrong: 0, declared: 0, probabilities: null },
      classes: { targets: ones, predictions: ones },
    });
    expect(Object.entries(one).map(([name, { value }]) => [name, value])).toEqual([
      ['accuracy', 1],
      ['precision', 1],
      ['recall', 1],
      ['f1', 1],
      ['balanced_accuracy', 1],
    ]);
    const codes = Int32Array.from({ length: 201 }, (_, row) => row);
    const many = { rows: 201, wrong: 10, declared: 0, classes: { targets: codes, predictions: codes } };
    expect(Object.keys(classMetrics({ ...many, probabilities: null }))).toEqual(['accuracy']);
  });
});

describe('of numbers', () => {
  const random = new Random(9);
  const targets = Float64Array.from({ length: 300 }, () => 5 + 2 * random.normal());
  const predictions = targets.map((target) => target + 0.3 + random.normal());

  it('are those that versions are compared by, and the bias', () => {
    const measured = numberMetrics(targets, predictions);
    const expected = regressionMetrics({ target: targets, predicted: predictions });
    for (const name of ['mae', 'rmse', 'r2']) expect(valueOf(measured[name])).toBeCloseTo(expected[name]!, 10);
    const bias = predictions.reduce((sum, value, row) => sum + value - targets[row]!, 0) / 300;
    expect(valueOf(measured['bias'])).toBeCloseTo(bias, 12);
  });

  it('have an interval of r2 that holds the true one as often as it says', () => {
    // y = x + e, both of variance 1 and 0.5: r2 of answering x is 2/3.
    const truth = 1 - 0.5 / 1.5;
    const held = Array.from({ length: 400 }, (_, seed) => {
      const draw = new Random(seed);
      const x = Float64Array.from({ length: 300 }, () => draw.normal());
      const { r2 } = numberMetrics(
        x.map((value) => value + Math.SQRT1_2 * draw.normal()),
        x,
      );
      if (!r2?.enough) throw new Error('expected an interval');
      return r2.low <= truth && truth <= r2.high;
    }).filter(Boolean).length;
    expect(held / 400).toBeGreaterThan(0.91);
    expect(held / 400).toBeLessThan(0.985);
  });

  it('of equal labels, of one row, of none', () => {
    const equal = numberMetrics(new Float64Array(40), new Float64Array(40));
    expect(equal['r2']).toMatchObject({ enough: false, value: 1 });
    expect(valueOf(numberMetrics(Float64Array.of(1), Float64Array.of(2))['mae'])).toBe(1);
    expect(numberMetrics(new Float64Array(0), new Float64Array(0))).toEqual({});
  });
});
