import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { curveData } from '#libs/contracts/index.js';
import { summariseCurve } from '../curve-summary.js';
import { Random } from '../random.js';
import { classificationMetrics, classificationRows, type ClassificationInput } from './classification.js';
import { evaluationCurves } from './curves.js';
import type { Metrics } from './metrics.js';
import { primaryMetric, scoreOf } from './primary.js';
import { regressionMetrics, regressionRows } from './regression.js';

interface ClassificationCase {
  readonly task: 'classification';
  readonly classes: number;
  readonly target: readonly number[];
  readonly probabilities: readonly number[];
  readonly weights: readonly number[] | null;
  readonly expected: Metrics;
  readonly per_class: readonly Metrics[];
  readonly confusion: readonly (readonly number[])[];
}
interface RegressionCase {
  readonly task: 'regression';
  readonly alpha: number;
  readonly target: readonly number[];
  readonly predicted: readonly number[];
  readonly weights: readonly number[] | null;
  readonly expected: Metrics;
}
const cases = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/learning/metrics.json', import.meta.url), 'utf8'),
) as readonly (ClassificationCase | RegressionCase)[];

function valueOf<T>(result: { ok: true; value: T } | { ok: false; rejection: { detail: string } }): T {
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}

const weightsOf = ({ weights }: { weights: readonly number[] | null }) =>
  weights === null ? undefined : Float64Array.from(weights);

const labelled = (classes: number) => Array.from({ length: classes }, (_, index) => `class ${index}`);

function inputOf({ target, probabilities, classes }: ClassificationCase): ClassificationInput {
  return { target, probabilities: Float64Array.from(probabilities), classes: labelled(classes) };
}

/** Relative above 1. */
function expectEqual(actual: Metrics, expected: Metrics, where: string): void {
  expect({ where, names: Object.keys(actual).sort() }).toEqual({ where, names: Object.keys(expected).sort() });
  for (const [name, value] of Object.entries(expected)) {
    const error = Math.abs(actual[name]! - value) / Math.max(1, Math.abs(value));
    if (!(error <= 1e-12)) throw new Error(`${where}: ${name} is ${actual[name]!}, expected ${value}`);
  }
}

describe('200 random cases are scikit-learn’s to 1e-12', () => {
  it('there are as many, of every kind', () => {
    expect(cases).toHaveLength(200);
    const kinds = new Set(
      cases.map((one) => `${one.task === 'regression' ? 0 : one.classes} ${one.weights === null ? '' : 'weighted'}`),
    );
    expect([...kinds].sort()).toEqual(
      [0, 2, 3, 4, 6].flatMap((classes) => [`${classes} `, `${classes} weighted`]).sort(),
    );
  });

  it('classification', () => {
    for (const [number, one] of cases.entries()) {
      if (one.task === 'regression') continue;
      const rows = valueOf(classificationRows(inputOf(one)));
      expectEqual(rows.metrics(weightsOf(one)), one.expected, `case ${number}`);
      const report = rows.report();
      expect(report.confusion).toEqual({ labels: labelled(one.classes), counts: one.confusion });
      for (const [index, expected] of one.per_class.entries()) {
        const { roc_auc, pr_auc, ...counted } = report.perClass[`class ${index}`]!;
        expectEqual(counted, expected, `case ${number}, class ${index}`);
        expect([roc_auc, pr_auc].every((area) => area! >= 0 && area! <= 1)).toBe(true);
      }
    }
  });

  it('regression', () => {
    for (const [number, one] of cases.entries()) {
      if (one.task === 'classification') continue;
      const [target, predicted] = [Float64Array.from(one.target), Float64Array.from(one.predicted)];
      const rows = valueOf(regressionRows({ target, predicted, alpha: one.alpha }));
      expectEqual(rows.metrics(weightsOf(one)), one.expected, `case ${number}`);
    }
  });
});

describe('where a metric is not defined it is left out', () => {
  const classes = ['a', 'b'];

  it('rows of one class alone', () => {
    const probabilities = Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.6, 0.4);
    const { metrics, perClass } = classificationMetrics({ target: [0, 0, 0], probabilities, classes });
    expect(Object.keys(metrics).sort()).toEqual(
      ['accuracy', 'balanced_accuracy', 'brier', 'ece', 'f1', 'log_loss', 'precision'].sort(),
    );
    expect(metrics).toMatchObject({ accuracy: 2 / 3, balanced_accuracy: 2 / 3, precision: 0, f1: 0 });
    // One row is taken for b: its precision is 0, and there is nothing to recall.
    expect(perClass).toEqual({
      a: { precision: 1, recall: 2 / 3, f1: 0.8, support: 3, pr_auc: 1 },
      b: { precision: 0, f1: 0, support: 0 },
    });
  });

  it('a class that nothing is taken for has precision 0, as long as it has rows', () => {
    const { metrics } = classificationMetrics({ target: [0, 1], probabilities: null, predicted: [0, 0], classes });
    expect(metrics).toEqual({ accuracy: 0.5, balanced_accuracy: 0.5, precision: 0, recall: 0, f1: 0 });
  });

  it('of many classes the mean is over those that there are', () => {
    const probabilities = Float64Array.of(0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.6, 0.3, 0.1, 0.2, 0.7, 0.1);
    const { metrics, perClass } = classificationMetrics({ target: [0, 1, 0, 1], probabilities, classes: 3 });
    expect(metrics).toMatchObject({ accuracy: 1, balanced_accuracy: 1, precision: 1, recall: 1, f1: 1, roc_auc: 1 });
    expect(perClass['2']).toEqual({ support: 0 });
  });

  it('a regression of one row has no r2; a constant target has r2 1 where it is met, else 0', () => {
    const of = (target: number[], predicted: number[]) =>
      regressionMetrics({ target: Float64Array.from(target), predicted: Float64Array.from(predicted) });
    expect(of([3], [4])).toEqual({ rmse: 1, mae: 1, mape: 1 / 3, pinball: 0.5 });
    expect(of([3, 3], [3, 3])['r2']).toBe(1);
    expect(of([3, 3], [3, 4])['r2']).toBe(0);
  });

  it('is never NaN or infinite, whatever the predictions and the weights', () => {
    const rows = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 2 }), fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(0, 1e-300, 0.5, 1)))),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.integer({ min: 0, max: 2 })), (drawn, stream) => {
        const target = drawn.map(([own]) => own);
        const probabilities = Float64Array.from(drawn.flatMap(([, shares]) => shares));
        const measured = valueOf(classificationRows({ target, probabilities, classes: 3 }));
        const weights = Float64Array.from(target, () => stream.next().value as number);
        for (const metrics of [measured.metrics(), measured.metrics(weights)]) {
          for (const value of Object.values(metrics)) expect(Number.isFinite(value)).toBe(true);
        }
      }),
    );
  });
});

describe('weights', () => {
  const one = cases.find((each): each is ClassificationCase => each.task === 'classification' && each.classes === 3)!;

  it('of whole numbers are rows that often, and 0 is a row left out', () => {
    const measured = valueOf(classificationRows(inputOf(one)));
    const weights = Float64Array.from(one.target, (_, row) => row % 3);
    const repeated = Int32Array.from([...one.target.keys()].flatMap((row) => new Array<number>(row % 3).fill(row)));
    expectEqual(measured.metrics(weights), measured.take(repeated).metrics(), 'repeated');
  });

  it('of whole numbers are rows that often in a regression', () => {
    const target = Float64Array.of(1, 2, 3, 4, 7);
    const predicted = Float64Array.of(1.5, 2, 2, 5, 6);
    const measured = valueOf(regressionRows({ target, predicted, alpha: 0.9 }));
    const repeated = measured.take(Int32Array.of(1, 1, 2, 4, 4, 4));
    expectEqual(measured.metrics(Float64Array.of(0, 2, 1, 0, 3)), repeated.metrics(), 'repeated');
  });
});

it('clips probabilities of 0 and 1 as scikit-learn does', () => {
  const probabilities = Float64Array.of(1, 0, 0, 1);
  const { metrics } = classificationMetrics({ target: [1, 1], probabilities, classes: 2 });
  // −ln 2⁻⁵² and −ln(1 − 2⁻⁵²)
  expect(metrics['log_loss']).toBeCloseTo((52 * Math.LN2 + 2 ** -52) / 2, 12);
});

it('takes a sum in float32 that is a little above 1 for 1', () => {
  const probabilities = Float64Array.of(-1e-7, 1 + 1e-6);
  const { metrics } = classificationMetrics({ target: [1], probabilities, classes: 2 });
  expect(metrics).toMatchObject({ accuracy: 1, brier: 0, ece: 0 });
});

it('puts a confidence on a bin’s edge into the bin below', () => {
  const shares = [0.5, 0.6, 0.7, 0.8, 0.9, 1];
  const probabilities = Float64Array.from(shares.flatMap((share) => [1 - share, share]));
  const measured = valueOf(classificationRows({ target: shares.map(() => 1), probabilities, classes: 2 }));
  const { calibration } = evaluationCurves(measured);
  expect(calibration!.counts).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
});

describe('curves', () => {
  function many(rows: number, distinct: number) {
    const random = new Random(5);
    const target = Array.from({ length: rows }, () => random.below(2));
    const scores = target.map((own) => Math.round(distinct / (1 + Math.exp(-random.normal() - own))) / distinct);
    const probabilities = Float64Array.from(scores.flatMap((score) => [1 - score, score]));
    return valueOf(classificationRows({ target, probabilities, classes: 2 }));
  }

  it.each([
    [12, 5],
    [3000, 50],
    [20_000, 1e9],
  ])('of %d rows with %d scores are curves of the contracts, with the areas of the metrics', (rows, distinct) => {
    const measured = many(rows, distinct);
    const { roc, pr, calibration } = evaluationCurves(measured);
    const metrics = measured.metrics();
    for (const { kind, ...data } of [roc!, pr!, calibration!]) {
      expect(curveData[kind].safeParse(JSON.parse(JSON.stringify(data))).error).toBeUndefined();
    }
    expect(roc!.fpr.length).toBeLessThanOrEqual(1000);
    expect(pr!.recall.length).toBeLessThanOrEqual(1000);
    const digits = rows > 1000 && distinct > 1000 ? 3 : 12;
    const areas = [roc!, pr!].map((curve) => {
      const figures = valueOf(summariseCurve(curve));
      return figures.kind === 'roc' ? figures.auc : figures.kind === 'pr' ? figures.average_precision : null;
    });
    expect(areas[0]).toBeCloseTo(metrics['roc_auc']!, digits);
    expect(areas[1]).toBeCloseTo(metrics['pr_auc']!, digits);
    expect(summariseCurve(calibration!).ok).toBe(true);
  });

  it('are none where they say nothing', () => {
    const probabilities = Float64Array.of(0.9, 0.1, 0.2, 0.8);
    const one = valueOf(classificationRows({ target: [1, 1], probabilities, classes: 2 }));
    expect(evaluationCurves(one)).toMatchObject({ roc: null, pr: null, calibration: { kind: 'calibration' } });
    const labels = valueOf(classificationRows({ target: [0, 1], probabilities: null, predicted: [0, 1], classes: 2 }));
    expect(evaluationCurves(labels)).toEqual({ roc: null, pr: null, calibration: null });
  });
});

describe('refuses', () => {
  const good: ClassificationInput = { target: [0, 1], probabilities: Float64Array.of(0.5, 0.5, 0.1, 0.9), classes: 2 };

  it.each<[Partial<ClassificationInput>, detail: string]>([
    [{ classes: 1 }, 'classes are 1, expected at least 2'],
    [{ target: [] }, 'target has no rows, expected at least 1'],
    [{ target: [0, 2] }, 'target is 2 in row 2, expected a class from 0 to 1'],
    [{ target: [0, 1, 1] }, 'probabilities has 4 values, expected 6'],
    [{ predicted: [0] }, 'predicted has 1 values, expected 2'],
    [{ predicted: [0, -1] }, 'predicted is -1 in row 2, expected a class from 0 to 1'],
    [{ probabilities: Float64Array.of(0.5, 0.5, NaN, 1) }, 'probabilities are NaN in row 2, expected 0 to 1'],
    [{ probabilities: Float64Array.of(0.5, 1.5, 0, 1) }, 'probabilities are 1.5 in row 1, expected 0 to 1'],
    [{ probabilities: null }, 'probabilities are not given, expected them or the predicted classes'],
  ])('%j', (part, detail) => {
    expect(classificationRows({ ...good, ...part })).toMatchObject({ ok: false, rejection: { detail } });
    expect(() => classificationMetrics({ ...good, ...part })).toThrow(detail);
  });

  it.each([
    [[1, 2], [1], undefined, 'predicted has 1 values, expected 2'],
    [[1, 2], [1, Infinity], undefined, 'predicted is Infinity in row 2, expected a finite number'],
    [[1, NaN], [1, 2], undefined, 'target is NaN in row 2, expected a finite number'],
    [[], [], undefined, 'target has no rows, expected at least 1'],
    [[1], [1], 1, 'alpha is 1, expected a number between 0 and 1'],
  ])('target %j, predicted %j, alpha %j', (target, predicted, alpha, detail) => {
    const input = { target: Float64Array.from(target), predicted: Float64Array.from(predicted) };
    const given = alpha === undefined ? input : { ...input, alpha };
    expect(regressionRows(given)).toMatchObject({ ok: false, rejection: { detail } });
    expect(() => regressionMetrics(given)).toThrow(detail);
  });
});

it('compares models by the metric of their task; larger is better', () => {
  expect([primaryMetric(2), primaryMetric(2, false), primaryMetric(3), primaryMetric(0)]).toEqual([
    ...['roc_auc', 'accuracy', 'accuracy', 'r2'],
  ]);
  expect([scoreOf('r2', 0.5), scoreOf('rmse', 0.5), scoreOf('pinball_0.9', 2)]).toEqual([0.5, -0.5, -2]);
});
