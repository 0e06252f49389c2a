import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Random } from '../random.js';
import { Cbpe, fitCbpe, type CbpeJson } from './cbpe.js';
import type { EstimatedMetric } from './expected-metrics.js';
import type { LabelledRows } from './rows.js';

interface Packed {
  readonly probabilities: string;
  readonly predictions: string;
  readonly targets: string;
}
interface Figures {
  readonly value: number[];
  readonly sampling_error: number[];
  readonly upper_threshold: number[];
  readonly lower_threshold: number[];
  readonly alert: boolean[];
}
interface Case<Calibrated> {
  readonly chunkRows: number;
  readonly calibrated: Calibrated;
  readonly reference: Packed;
  readonly analysis: Packed;
  readonly expected: Record<'reference' | 'analysis', Record<EstimatedMetric, Figures>>;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/statistics/cbpe.json', import.meta.url), 'utf8'),
) as { binary: Case<boolean>; multiclass: Case<boolean[]> };

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));

function bits(text: string): Uint8Array {
  const packed = bytes(text);
  return Uint8Array.from({ length: packed.length * 8 }, (_, row) => (packed[row >> 3]! >> (7 - (row & 7))) & 1);
}

const rowsOf = (packed: Packed, labels: (text: string) => Uint8Array): LabelledRows => ({
  probabilities: Float64Array.from(bytes(packed.probabilities), (value) => value / 100),
  predictions: labels(packed.predictions),
  targets: labels(packed.targets),
});

function chunkOf(rows: LabelledRows, from: number, to: number, width = 1): LabelledRows {
  const part = (values: ArrayLike<number>) => Array.from({ length: to - from }, (_, at) => values[from + at]!);
  return {
    probabilities: rows.probabilities.subarray(from * width, to * width),
    predictions: part(rows.predictions),
    targets: part(rows.targets),
  };
}

/** Rows of a model that is right about its probabilities, and answers the likelier class. */
function honestRows(rows: number, seed: number): LabelledRows {
  const random = new Random(seed);
  const probabilities = Float64Array.from({ length: rows }, () => random.float());
  return {
    probabilities,
    predictions: Array.from(probabilities, (share) => Number(share >= 0.5)),
    targets: Array.from(probabilities, (share) => Number(random.float() < share)),
  };
}

describe('CBPE on the car-loan set', () => {
  const { chunkRows, reference, analysis, expected } = fixture.binary;
  const cbpe = fitCbpe(rowsOf(reference, bits), { chunkRows });
  const unlabelled = rowsOf(analysis, bits);
  const estimates = Array.from({ length: 10 }, (_, chunk) =>
    cbpe.estimate(chunkOf(unlabelled, chunk * chunkRows, (chunk + 1) * chunkRows)),
  );

  it('estimates the published areas, and alerts on chunks 5 to 9', () => {
    const published = [
      ...['.970744', '.971011', '.971407', '.971091', '.971123'],
      ...['.961090', '.961825', '.961073', '.962533', '.961316'],
    ];
    const areas = estimates.map(({ metrics }) => metrics.roc_auc);
    expect(areas.map(({ value }) => value!.toFixed(6).slice(1))).toEqual(published);
    expect(areas.flatMap(({ alert }, chunk) => (alert ? chunk : []))).toEqual([5, 6, 7, 8, 9]);
  });

  it("is NannyML's to the last digits: figures, thresholds, alerts, sampling errors", () => {
    expect(cbpe.fitted.calibrations[0]!.isotonic !== null).toBe(fixture.binary.calibrated);
    for (const [metric, oracle] of Object.entries(expected.analysis) as [EstimatedMetric, Figures][]) {
      for (const [chunk, { metrics }] of estimates.entries()) {
        const { value, threshold, alert, samplingError } = metrics[metric];
        // NannyML rounds the steps of its ROC curve to five digits, and orders equal scores by chance.
        expect(Math.abs(value! - oracle.value[chunk]!)).toBeLessThan(metric === 'roc_auc' ? 1e-8 : 1e-12);
        expect(threshold!.lower).toBeCloseTo(oracle.lower_threshold[chunk]!, 12);
        expect(threshold!.upper).toBeCloseTo(oracle.upper_threshold[chunk]!, 12);
        expect(alert).toBe(oracle.alert[chunk]);
        const ratio = samplingError! / oracle.sampling_error[chunk]!;
        expect(Math.abs(ratio - 1)).toBeLessThan(metric === 'roc_auc' ? 0.01 : 1e-12);
      }
    }
  });

  it('reads again what it wrote', () => {
    const restored = Cbpe.fromJSON(JSON.parse(JSON.stringify(cbpe)) as CbpeJson);
    expect(restored.estimate(chunkOf(unlabelled, 0, chunkRows))).toEqual(estimates[0]);
    expect(() => Cbpe.fromJSON({ ...cbpe.fitted, version: 2 } as unknown as CbpeJson)).toThrow('expected version 1');
  });
});

describe('CBPE of several classes', () => {
  const { chunkRows, reference, analysis, expected, calibrated } = fixture.multiclass;
  const labelled = rowsOf(reference, bytes);
  const { fitted } = fitCbpe(labelled, { chunkRows, classes: 3 });
  const never = { isotonic: null, error: null };

  it("is NannyML's with the same classes calibrated", () => {
    // NannyML's splits, drawn otherwise, leave the middle class as it is: its error is a hundredth either way.
    expect(calibrated).toEqual([true, false, true]);
    const calibrations = fitted.calibrations.map((each, index) => (calibrated[index] ? each : never));
    const cbpe = new Cbpe({ ...fitted, calibrations });
    const unlabelled = rowsOf(analysis, bytes);
    for (let chunk = 0; chunk < 5; chunk++) {
      const { metrics } = cbpe.estimate(chunkOf(unlabelled, chunk * chunkRows, (chunk + 1) * chunkRows, 3));
      for (const [metric, oracle] of Object.entries(expected.analysis) as [EstimatedMetric, Figures][]) {
        const { value, threshold, alert, samplingError } = metrics[metric];
        // Rows of one score, which after calibration over classes differ, NannyML ranks by chance, here they count half.
        expect(Math.abs(value! - oracle.value[chunk]!)).toBeLessThan(metric === 'roc_auc' ? 1e-5 : 1e-12);
        expect(threshold!.lower).toBeCloseTo(oracle.lower_threshold[chunk]!, 12);
        expect(threshold!.upper).toBeCloseTo(oracle.upper_threshold[chunk]!, 12);
        expect(alert).toBe(oracle.alert[chunk]);
        // Of several classes NannyML's F1 lacks the factor that it has of two: its error is that of another figure.
        const factor = metric === 'f1' ? 1.25 : 1;
        expect(Math.abs(samplingError! / oracle.sampling_error[chunk]! / factor - 1)).toBeLessThan(1e-2);
      }
    }
  });

  it('estimates what is then measured', () => {
    const cbpe = new Cbpe(fitted);
    const { metrics } = cbpe.estimate(labelled);
    expect(Math.abs(metrics.accuracy.value! - fitted.reference.accuracy!)).toBeLessThan(0.01);
    expect(Math.abs(metrics.roc_auc.value! - fitted.reference.roc_auc!)).toBeLessThan(0.01);
  });
});

describe('what CBPE is given', () => {
  it('may be little: ten chunks by default, a warning below six, no threshold from one', () => {
    const rows = honestRows(1003, 1);
    expect(fitCbpe(rows).fitted).toMatchObject({ chunks: 10, chunkRows: 100, fewChunks: false });
    expect(fitCbpe(rows, { chunkRows: 200 }).fitted).toMatchObject({ chunks: 5, fewChunks: true });
    const { metrics } = fitCbpe(rows, { chunkRows: 5000 }).estimate(rows);
    expect(metrics.accuracy).toMatchObject({ threshold: null, alert: null });
    expect(metrics.accuracy.value).toBeGreaterThan(0.7);
  });

  it('may have no figure: rows without probabilities, one class alone', () => {
    const cbpe = fitCbpe(honestRows(1000, 2));
    const estimate = cbpe.estimate({ probabilities: Float64Array.of(NaN, 0.25), predictions: [1, 0] });
    expect(estimate).toMatchObject({ rows: 1, missing: 1 });
    expect(estimate.metrics.precision.value).toBe(0);
    expect(estimate.metrics.specificity.value).toBe(1);
    const none = cbpe.estimate({ probabilities: Float64Array.of(NaN), predictions: [1] });
    expect(none.metrics.roc_auc).toEqual({
      ...{ value: null, samplingError: null, low: null, high: null, alert: null },
      threshold: cbpe.fitted.thresholds.roc_auc,
    });
    const alone = { ...honestRows(200, 3), targets: new Uint8Array(200) };
    const { calibrations, thresholds } = fitCbpe(alone).fitted;
    expect(calibrations[0]).toEqual({ isotonic: null, error: null });
    expect(thresholds.roc_auc).toBeNull();
  });

  it('may never have been wrong: that does not tell that it never will be', () => {
    const rows = 1000;
    const targets = Array.from({ length: rows }, (_, row) => row % 2);
    const probabilities = Float64Array.from(targets, (target) => (target === 1 ? 0.9 : 0.1));
    const cbpe = fitCbpe({ probabilities, predictions: targets, targets }, { chunkRows: 100 });
    const { thresholds, reference } = cbpe.fitted;
    // Three standard errors of a share of 101 in 102.
    expect(reference.accuracy).toBe(1);
    expect(thresholds.accuracy!.upper).toBe(1);
    expect(thresholds.accuracy!.lower).toBeCloseTo(1 - (3 * Math.sqrt(101)) / 102 / 10, 12);
    const { accuracy, recall } = cbpe.estimate({ probabilities, predictions: targets }).metrics;
    expect(accuracy.value).toBeCloseTo(0.9, 12);
    const share = 901 / 1002;
    expect(accuracy.high! - accuracy.low!).toBeCloseTo(6 * Math.sqrt((share * (1 - share)) / 1000), 12);
    expect(recall.samplingError).toBeGreaterThan(accuracy.samplingError!);
  });

  it('is refused by name where it cannot be', () => {
    const rows = honestRows(200, 4);
    const fit = (change: Partial<LabelledRows>, options = {}) => fitCbpe({ ...rows, ...change }, options);
    expect(() => fit({ probabilities: new Float64Array(199) })).toThrow('probabilities: expected 200 values, got 199');
    expect(() => fit({ probabilities: new Float64Array(200).fill(1.5) })).toThrow(
      'probabilities[0]: expected 0 to 1, got 1.5',
    );
    expect(() => fit({ targets: new Uint8Array(200).fill(2) })).toThrow('targets[0]: expected a class, 0 to 1, got 2');
    expect(() => fit({}, { classes: 1 })).toThrow('classes: expected a whole number of 2 or more, got 1');
    expect(() => fit({}, { chunkRows: 0 })).toThrow('chunkRows: expected a whole number of 1 or more, got 0');
    expect(() => fit({}, { chunks: 201 })).toThrow('chunks: expected 1 to the 200 rows of the reference, got 201');
    expect(() => fitCbpe(honestRows(99, 5))).toThrow(
      'reference: expected at least 100 rows with probabilities, got 99',
    );
  });
});
