import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PythonRandom } from '#tests/support/python-random.js';
import { kolmogorovSmirnov } from '../two-sample/index.js';
import {
  detectorFrom,
  detectorKind,
  detectorKinds,
  expectedValue,
  restoreDetector,
  type DetectorParameters,
  type DetectorState,
} from './index.js';

const fewSamples = fc.tuple(
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }),
  fc.nat({ max: 2 ** 31 }),
);

/** Long enough to drift, from few numbers: rates of segments, and a seed. */
function streamFrom([rates, seed]: readonly [readonly number[], number], binary: boolean): number[] {
  const random = new PythonRandom(seed);
  return rates.flatMap((rate) =>
    Array.from({ length: 130 }, () => (binary ? Number(random.random() < rate) : random.random() + 3 * rate)),
  );
}

const quick: Readonly<Record<string, DetectorParameters>> = {
  adwin: { clock: 3, delta: 0.3, max_buckets: 2 },
  ddm: { warm_start: 5, warning_threshold: 1, drift_threshold: 2 },
  eddm: { warm_start: 5 },
  hddm_a: { drift_confidence: 0.05, warning_confidence: 0.2, two_sided_test: true },
  hddm_w: { drift_confidence: 0.05, warning_confidence: 0.2, two_sided_test: true },
  kswin: { alpha: 0.05, window_size: 30, stat_size: 10 },
  page_hinkley: { min_instances: 5, threshold: 3 },
};

describe.each(detectorKinds)('$name', ({ name, takes, parameters, version, warns }) => {
  it('goes on after a restart, anywhere, as if there had been none', () => {
    let driftsSeen = 0;
    fc.assert(
      fc.property(fewSamples, fc.double({ min: 0, max: 1, noNaN: true }), (few, share) => {
        const values = streamFrom(few, takes === 'errors');
        const split = Math.round(share * values.length);
        const whole = detectorFrom(name, quick[name]);
        const expected = values.map((value) => whole.update(value));
        const before = detectorFrom(name, quick[name]);
        const first = values.slice(0, split).map((value) => before.update(value));
        const after = restoreDetector(JSON.parse(JSON.stringify(before)) as DetectorState);
        expect(after.reading()).toEqual(before.reading());
        expect(JSON.stringify(after)).toBe(JSON.stringify(before));
        expect([after.samples, after.signal, after.parameters]).toEqual([split, before.signal, before.parameters]);
        expect([...first, ...values.slice(split).map((value) => after.update(value))]).toEqual(expected);
        expect(JSON.stringify(after)).toBe(JSON.stringify(whole));
        driftsSeen += expected.filter((signal) => signal === 'drift').length;
      }),
      { numRuns: 20, seed: 6 },
    );
    expect(driftsSeen).toBeGreaterThan(0);
  });

  it('reads what it compared: beyond the threshold where there is drift, and only there', () => {
    const detector = detectorFrom(name, quick[name]);
    expect(detector.reading()).toEqual({ samples: 0, mean: null, statistic: null, threshold: null });
    const seen = new Set<string>();
    for (const value of streamFrom([[0.1, 0.9, 0.1], 11], takes === 'errors')) {
      const signal = detector.update(value);
      const { statistic, threshold } = detector.reading();
      seen.add(signal);
      if (statistic === null || threshold === null) {
        expect([statistic, threshold, signal]).not.toContain('drift');
        expect([statistic, threshold]).toEqual([null, null]);
        continue;
      }
      const beyond = name === 'eddm' ? statistic < threshold : statistic > threshold;
      // Page–Hinkley compares from the start, and tells only after min_instances.
      if (detector.reading().samples >= 5)
        expect([detector.samples, beyond]).toEqual([detector.samples, signal === 'drift']);
    }
    expect([...seen].sort()).toEqual(warns ? ['drift', 'none', 'warning'] : ['drift', 'none']);
  });

  it('is as new after drift: it goes on as one that began there', () => {
    const detector = detectorFrom(name, quick[name]);
    const values = streamFrom([[0.1, 0.9, 0.1, 0.9], 5], takes === 'errors');
    const drift = values.findIndex((value) => detector.update(value) === 'drift');
    expect(drift).toBeGreaterThan(0);
    const begun = detectorFrom(name, quick[name]);
    const after = values.slice(drift + 1);
    expect(after.map((value) => detector.update(value))).toEqual(after.map((value) => begun.update(value)));
    expect(detector.toJSON().state).toEqual(begun.toJSON().state);
  });

  it('refuses values that it does not take, and is left as it was', () => {
    const detector = detectorFrom(name);
    detector.update(1);
    const before = JSON.stringify(detector);
    for (const value of [NaN, Infinity, -Infinity, ...(takes === 'errors' ? [0.5, 2, -1] : [1e101])]) {
      expect(() => detector.update(value)).toThrow(RangeError);
      expect(() => detector.update(value)).toThrow(`${name}: value: expected `);
    }
    expect(JSON.stringify(detector)).toBe(before);
  });

  it('refuses every parameter that is out of range or of another type, and takes its defaults', () => {
    for (const [parameter, described] of Object.entries(parameters)) {
      expect(detectorFrom(name, { [parameter]: described.default }).parameters).toEqual(detectorFrom(name).parameters);
      const wrong =
        described.type === 'number' || described.type === 'integer' ? [NaN, -1e300, 1e300, '5', true] : ['sideways', 3];
      for (const value of wrong) {
        expect(() => detectorFrom(name, { [parameter]: value })).toThrow(
          `${name}: ${parameter}: expected ${expectedValue(described)}, got ${JSON.stringify(value)}`,
        );
      }
    }
  });

  it('refuses a state of another version, or with a field missing or of another type', () => {
    const detector = detectorFrom(name, quick[name]);
    const values = streamFrom([[0.1, 0.9], 5], takes === 'errors');
    expect(values.some((value) => detector.update(value) === 'drift')).toBe(true);
    const saved = JSON.parse(JSON.stringify(detector)) as DetectorState;
    expect(() => restoreDetector({ ...saved, version: version + 1 })).toThrow(
      `${name}: version: expected a state of version ${version}, got ${version + 1}`,
    );
    for (const field of Object.keys(saved.state)) {
      for (const value of ['x', undefined]) {
        const state = { ...saved.state, [field]: value } as DetectorState['state'];
        expect(() => restoreDetector({ ...saved, state })).toThrow(`${name}: state.${field}: expected `);
      }
    }
    const counts = Object.keys(saved.state).filter((field) => /^(count|samples|ticks|last|errors)$/.test(field));
    for (const field of counts)
      expect(() => restoreDetector({ ...saved, state: { ...saved.state, [field]: -1 } })).toThrow(
        `${name}: state.${field}: expected a whole number`,
      );
    expect(() => restoreDetector({ ...saved, samples: -1 })).toThrow(
      `${name}: samples: expected a whole number from 0`,
    );
    expect(() => restoreDetector({ ...saved, signal: 'panic' as 'none' })).toThrow(`${name}: signal: expected `);
  });
});

describe('detectors by name', () => {
  it('names the near ones of an unknown one', () => {
    expect(() => detectorFrom('hddmw')).toThrow(/^detector: there is no 'hddmw'; near: hddm_w, /);
    expect(() => detectorFrom('Page-Hinkly')).toThrow('near: page_hinkley');
    expect(() => detectorFrom('cusum')).toThrow(
      "detector: there is no 'cusum'; expected adwin, ddm, eddm, hddm_a, hddm_w, kswin, page_hinkley",
    );
    expect(() => detectorFrom('toString')).toThrow("there is no 'toString'");
  });

  it('names the near ones of an unknown parameter, and every fault at once', () => {
    expect(() => detectorFrom('kswin', { window: 100, alpha: 2 })).toThrow(
      'kswin: window: no such parameter; near: window_size; alpha: expected a number above 0 and below 1, got 2',
    );
    expect(() => detectorFrom('ddm', { toString: 1 })).toThrow(
      'ddm: toString: no such parameter; expected warm_start, warning_threshold, drift_threshold',
    );
  });

  it('refuses parameters that do not go together', () => {
    expect(() => detectorFrom('ddm', { warning_threshold: 4 })).toThrow(
      'warning_threshold: expected at most drift_threshold (3)',
    );
    expect(() => detectorFrom('eddm', { alpha: 0.8 })).toThrow('beta: expected at most alpha (0.8)');
    for (const name of ['hddm_a', 'hddm_w'])
      expect(() => detectorFrom(name, { warning_confidence: 1e-4 })).toThrow(
        'warning_confidence: expected at least drift_confidence (0.001)',
      );
    expect(() => detectorFrom('kswin', { stat_size: 51 })).toThrow(
      'window_size: expected at least twice stat_size (102), got 100',
    );
    // 2 / C(10, 5): the samples are wholly apart.
    expect(() => detectorFrom('kswin', { stat_size: 5 })).toThrow(
      'alpha: expected at least 0.00794, the least p-value that',
    );
    expect(detectorFrom('kswin', { stat_size: 5, alpha: 0.008 }).parameters['stat_size']).toBe(5);
  });

  it('knows what each takes', () => {
    const errors = detectorKinds.filter(({ takes }) => takes === 'errors').map(({ name }) => name);
    expect(errors).toEqual(['ddm', 'eddm', 'hddm_a', 'hddm_w']);
    expect(detectorKind('adwin').parameters['clock']).toMatchObject({ type: 'integer', default: 32 });
  });
});

describe('adwin', () => {
  it('keeps O(log n) buckets, and the exact sum and mean of its window', () => {
    const detector = detectorFrom('adwin');
    const random = new PythonRandom(3);
    const values = Array.from({ length: 30_000 }, () => Number(random.random() < 0.3));
    expect(values.some((value) => detector.update(value) === 'drift')).toBe(false);
    const errors = values.reduce((sum, value) => sum + value, 0);
    expect(detector.reading()).toEqual({ samples: 30_000, mean: errors / 30_000, statistic: null, threshold: null });
    const buckets = detector.toJSON().state['totals'] as number[];
    expect(buckets.length).toBeLessThanOrEqual(6 * Math.ceil(Math.log2(30_000)));
    expect(buckets.reduce((sum, total) => sum + total, 0)).toBe(errors);
    expect(detector.toJSON().state['squares']).toBeCloseTo(errors * (1 - errors / 30_000), 6);
  });

  it('has let go of what came before the change when it tells it', () => {
    const detector = detectorFrom('adwin');
    const random = new PythonRandom(12345);
    const stream = [...random.choices([0, 1], 1000), ...random.choices([4, 5, 6, 7], 1000)];
    expect(stream.findIndex((value) => detector.update(value) === 'drift')).toBe(1023);
    // river's width, total and variance.
    expect(detector.reading()).toMatchObject({ samples: 32, mean: 144 / 32 });
    expect(detector.toJSON().state['squares']).toBeCloseTo(172, 9);
  });

  it.each([
    ['rows', [7], 'at most 53 rows of 0 to 5 buckets'],
    ['rows', [1.5], 'at most 53 rows'],
    ['totals', [1, 2], '3 numbers, one for each bucket'],
    ['deviations', [], '3 numbers, one for each bucket'],
  ])('refuses %s of a state that are not its own', (field, value, expected) => {
    const detector = detectorFrom('adwin');
    for (const one of [1, 0, 1]) detector.update(one);
    const saved = detector.toJSON();
    expect(() => restoreDetector({ ...saved, state: { ...saved.state, [field]: value } })).toThrow(
      `adwin: state.${field}: expected ${expected}`,
    );
  });
});

describe('kswin', () => {
  it.each([
    [30, 0.005],
    [30, 0.0001],
    [12, 0.05],
    [4, 0.05],
    [100, 0.3],
    // Where the p-value alone would allow a distance of 0.1 and less.
    [10, 0.999],
    [400, 0.5],
  ])('tells drift from the least distance with a p-value of alpha on: %i values, alpha %d', (size, alpha) => {
    const detector = detectorFrom('kswin', { alpha, stat_size: size, window_size: 2 * size });
    for (let at = 0; at < 2 * size; at++) detector.update(at);
    const { threshold, statistic } = detector.reading();
    expect(statistic).toBe(1);
    const least = Math.round(threshold! * size) + 1;
    const apart = (distance: number): number => {
      const values = Float64Array.from({ length: size }, (_, at) => at);
      return kolmogorovSmirnov(
        values,
        values.map((value) => value + distance),
      ).pValue;
    };
    const drifts = (distance: number): boolean => distance / size > 0.1 && apart(distance) <= alpha;
    expect([drifts(least - 1), drifts(least)]).toEqual([false, true]);
  });

  it('refuses a window and a generator that are not its own', () => {
    const saved = detectorFrom('kswin').toJSON();
    const restored = (field: string, value: number[]) => () =>
      restoreDetector({ ...saved, state: { ...saved.state, [field]: value } });
    expect(restored('window', Array<number>(101).fill(0))).toThrow('kswin: state.window: expected at most 100 numbers');
    for (const random of [[1], Array<number>(625).fill(0.5), Array<number>(625).fill(625)])
      expect(restored('random', random)).toThrow('kswin: state.random: expected 624 words of 32 bits');
  });
});
