import { describe, expect, it } from '@jest/globals';
import { Random } from '#libs/learning/index.js';
import { alphaOf, calibratedPolicy, driftTestNamed } from '#libs/statistics/index.js';
import { falseAlarms, falseAlarmsOfDistances, foundWithinTwo, type Scale } from './calibration.js';
import { categoricalColumn, normalColumn } from './columns.js';
import { DrawnDistance, PValueByDistance } from './drawn-distance.js';

/** A smaller form of drift-calibration.soak.ts: the same code, fewer and smaller windows. */
const small: Scale = { columns: 20, windows: 20, repetitions: 60, referenceRows: 1000, windowRows: 200 };

/** The bar is off too, which would keep quiet what the error rate has to. */
const policies = [calibratedPolicy(), calibratedPolicy({ effect: 0 })];

/** Binomial with 0.05 of 60: 3 expected, 8 or more in 1 % of cases. */
const mostAlarms = 7;

describe('without drift, a data set alarm in any window', () => {
  it('is as rare as the error rate says, numeric columns', () => {
    const counted = falseAlarmsOfDistances(policies, small, 1);
    for (const { repetitions } of counted) expect(repetitions).toBeLessThanOrEqual(mostAlarms);
    expect(counted[1]!.windows).toBeGreaterThanOrEqual(counted[0]!.windows);
  });

  it('is as rare as the error rate says, categorical columns', () => {
    for (const { repetitions } of falseAlarms(policies, categoricalColumn, { ...small, columns: 10 }, 2)) {
      expect(repetitions).toBeLessThanOrEqual(mostAlarms);
    }
  });

  it('is common at a level that is not spent', () => {
    // 0.05 anew for every window: a policy whose windows are all the first one, of twice its error rate.
    const [counted] = falseAlarmsOfDistances([forgetful()], small, 1);
    expect(counted!.repetitions).toBeGreaterThan(3 * mostAlarms);
  });
});

describe('with 5 % of columns shifted by half a standard deviation, or a fifth of their rows', () => {
  const power = { columns: 20, drifted: 1, referenceRows: 2000, windowRows: 1000, repetitions: 4, windows: 2 };

  it.each([
    [1, normalColumn],
    [300, normalColumn],
    [1, categoricalColumn],
    [300, categoricalColumn],
  ])('drift that begins with window %d is found within two windows', (first, make) => {
    expect(foundWithinTwo(calibratedPolicy(), make, { ...power, first }, 3)).toBe(1);
  });
});

it('drawn distances are outcomes of the test itself', () => {
  const random = new Random(4);
  const pValues = new PValueByDistance(1000, 200, alphaOf(1, 0.05));
  const drawn = new DrawnDistance(1000, 200, random, pValues);
  let compared = 0;
  for (let window = 0; window < 2000; window++) {
    const outcome = drawn.next();
    if (!outcome.enough || outcome.statistic === 0) continue;
    const reference = {
      ...sampleOf(drawn.reference),
      name: 'x',
      bins: { kind: 'numeric', edges: new Float64Array() },
    } as const;
    const tested = driftTestNamed('ks').run(reference, sampleOf(drawn.last), { seed: 1, permutations: 0 });
    expect(outcome).toEqual(tested);
    if (++compared === 20) return;
  }
  throw new Error(`expected 20 windows to compare, got ${compared}`);
});

function forgetful() {
  const policy = calibratedPolicy({ errorRate: 0.1, effect: 0 });
  return {
    ...policy,
    decide: (...[, tested]: Parameters<typeof policy.decide>) => policy.decide(policy.initial, tested),
  };
}

function sampleOf(values: Float64Array) {
  const counts = Float64Array.of(values.length);
  return {
    rows: values.length,
    missing: 0,
    counts,
    values,
    sampled: false,
    mean: null,
    sd: null,
    distinct: values.length,
  };
}
