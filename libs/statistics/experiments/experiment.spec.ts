import { describe, expect, it } from '@jest/globals';
import { Random } from '../random.js';
import { differenceSequence, meanSequence } from './confidence-sequence.js';
import { Experiment, type ExperimentState } from './experiment.js';
import { planned, type ExperimentPlan, type MetricPlan } from './plan.js';

const goal: MetricPlan = { name: 'accepted', of: 'mean', better: 'higher', role: 'goal' };
const latency: MetricPlan = {
  ...{ name: 'latency', of: { quantile: 0.9 }, better: 'lower', role: 'guardrail', margin: 30 },
};

/** A request of an A/B test, its arm by chance, and its outcome. */
function request(experiment: Experiment, random: Random, valueOf: (arm: 'a' | 'b') => number, shareOfB = 0.5): void {
  const arm = random.float() < shareOfB ? 'b' : 'a';
  experiment.observe({ kind: 'request', arm });
  experiment.observe({ kind: 'outcome', arm, metric: 'accepted', value: valueOf(arm) });
}

/** Requests until there is a verdict, at most so many. */
function run(experiment: Experiment, most: number, one: () => void): number {
  for (let requests = 1; requests <= most; requests++) {
    one();
    if (experiment.settled) return requests;
  }
  return most;
}

describe('an experiment', () => {
  it('gives at most one false verdict in twenty where arms are alike, peeked at after every request', () => {
    let falsely = 0;
    const runs = 60;
    for (let at = 0; at < runs; at++) {
      const random = new Random(at, 31);
      const experiment = new Experiment({ design: 'split', metrics: [goal], tuning: 500 });
      run(experiment, 800, () => {
        request(experiment, random, () => Number(random.float() < 0.3));
      });
      const { verdict } = experiment.verdict();
      if (verdict === 'promote' || verdict === 'roll_back') falsely++;
    }
    expect(falsely / runs).toBeLessThanOrEqual(0.05);
  });

  it('gives as few where a canary sees a twentieth of the requests, and what is measured is rare', () => {
    let falsely = 0;
    const runs = 30;
    for (let at = 0; at < runs; at++) {
      const random = new Random(at, 30);
      const experiment = new Experiment({ design: 'split', metrics: [goal], shareOfB: 0.05 });
      run(experiment, 2500, () => {
        request(experiment, random, () => Number(random.float() < 0.01), 0.05);
      });
      const { verdict } = experiment.verdict();
      if (verdict === 'promote' || verdict === 'roll_back') falsely++;
    }
    expect(falsely / runs).toBeLessThanOrEqual(0.05);
  });

  it('promotes what is better and rolls back what is worse', () => {
    for (const [effect, verdict] of [[0.15, 'promote'] as const, [-0.15, 'roll_back'] as const]) {
      const random = new Random(1, 32);
      const experiment = new Experiment({ design: 'split', metrics: [goal] });
      run(experiment, 10_000, () => {
        request(experiment, random, (arm) => Number(random.float() < 0.5 + (arm === 'b' ? effect : 0)));
      });
      expect(experiment.verdict()).toMatchObject({ verdict, reason: 'metrics' });
      const { difference } = experiment.verdict().metrics[0]!;
      expect(Math.sign(difference!.low)).toBe(Math.sign(effect));
      expect(Math.sign(difference!.high)).toBe(Math.sign(effect));
    }
  });

  it('promotes a canary that is no worse, and one that is slower by more than its margin goes back', () => {
    for (const [slower, verdict] of [[0, 'promote'] as const, [100, 'roll_back'] as const]) {
      const random = new Random(2, 33);
      const experiment = new Experiment({ design: 'split', metrics: [latency], shareOfB: 0.25 });
      run(experiment, 20_000, () => {
        const arm = random.float() < 0.25 ? 'b' : 'a';
        experiment.observe({ kind: 'request', arm });
        const value = 100 + 10 * random.float() + (arm === 'b' ? slower : 0);
        experiment.observe({ kind: 'outcome', arm, metric: 'latency', value });
      });
      expect(experiment.verdict()).toMatchObject({ verdict, reason: 'metrics' });
      expect(experiment.verdict().metrics[0]!.standing).toBe(slower === 0 ? 'no_worse' : 'worse');
    }
  });

  it('needs every goal and every guardrail to promote, and shares its error rate among them', () => {
    const experiment = new Experiment({ design: 'split', metrics: [{ ...goal, weight: 3 }, latency] });
    const random = new Random(3, 34);
    for (let at = 0; at < 2000; at++) {
      request(experiment, random, (arm) => Number(random.float() < (arm === 'b' ? 0.9 : 0.5)));
    }
    const { verdict, metrics } = experiment.verdict();
    expect(verdict).toBe('not_yet');
    expect(metrics.map(({ alpha, standing }) => [alpha.toFixed(4), standing])).toEqual([
      ['0.0375', 'better'],
      ['0.0125', 'open'],
    ]);
    expect(metrics[1]!.difference).toBeNull();
  });

  it('stops where requests are not parted as planned, and where they run out', () => {
    const random = new Random(4, 35);
    const uneven = new Experiment({ design: 'split', metrics: [goal] });
    run(uneven, 20_000, () => {
      request(uneven, random, () => Number(random.float() < 0.5), 0.4);
    });
    expect(uneven.verdict()).toMatchObject({ verdict: 'inconclusive', reason: 'sample_ratio_mismatch' });
    expect(uneven.verdict().sampleRatio!.pValue).toBeLessThan(0.001);
    const short = new Experiment({ design: 'split', metrics: [goal], most: 50 });
    const requests = run(short, 100, () => {
      request(short, random, () => 1);
    });
    expect(requests).toBe(50);
    expect(short.verdict()).toMatchObject({ verdict: 'inconclusive', reason: 'out_of_requests' });
  });

  it('keeps its verdict whatever comes later', () => {
    const experiment = new Experiment({ design: 'split', metrics: [goal], most: 10 });
    const random = new Random(5, 36);
    for (let at = 0; at < 10; at++) request(experiment, random, () => 1);
    const before = experiment.verdict();
    for (let at = 0; at < 500; at++) request(experiment, random, (arm) => Number(arm === 'b'));
    expect(experiment.verdict()).toEqual(before);
  });
});

it('takes of a shadow less than a quarter of the requests of an A/B test', () => {
  const [runs, effect] = [40, 0.25];
  const used = (design: 'split' | 'paired', correlation: number) => {
    let requests = 0;
    for (let at = 0; at < runs; at++) {
      const random = new Random(at, 37);
      const experiment = new Experiment({ design, metrics: [goal] });
      const [common, own] = [Math.sqrt(correlation), Math.sqrt(1 - correlation)];
      requests += run(experiment, 20_000, () => {
        if (design === 'split') {
          const arm = random.float() < 0.5 ? 'b' : 'a';
          const value = random.normal() + (arm === 'b' ? effect : 0);
          experiment.observe({ kind: 'outcome', arm, metric: 'accepted', value });
          return;
        }
        const shared = common * random.normal();
        const [a, b] = [shared + own * random.normal(), shared + own * random.normal() + effect];
        experiment.observe({ kind: 'pair', metric: 'accepted', a, b });
      });
      expect(experiment.verdict().verdict).toBe('promote');
    }
    return requests / runs;
  };
  // The ratio is about (1 − ρ) / 2, of which 40 runs leave a twentieth to chance.
  expect(used('paired', 0.6) / used('split', 0)).toBeLessThan(0.25);
});

it('has of a quarter of the requests, in pairs at a correlation of a half, an interval no wider', () => {
  const [split, paired] = (['split', 'paired'] as const).map((design) => planned({ design, metrics: [goal] }));
  for (const requests of [400, 1000, 4000, 20_000, 100_000]) {
    const [arm, pairs] = [requests / 2, requests / 4];
    // Values of variance 1, so that the differences have 2 − 2ρ, which is 1.
    const unit = (count: number) => ({ count, mean: 0, squares: count - 1 });
    const ofSplit = differenceSequence(unit(arm), unit(arm), { tuning: split!.tuning })!;
    const ofPairs = meanSequence(unit(pairs), { tuning: paired!.tuning })!;
    expect(ofPairs.high / ofSplit.high).toBeLessThanOrEqual(1 + 1e-12);
  }
});

describe('the state of an experiment', () => {
  it('is JSON, and goes on to the same verdict', () => {
    for (const design of ['split', 'paired'] as const) {
      const random = new Random(6, 38);
      let experiment = new Experiment({ design, metrics: [goal, latency] });
      const whole = new Experiment({ design, metrics: [goal, latency] });
      for (let at = 0; at < 600; at++) {
        const [a, b, slow] = [random.float(), random.float() + 0.5, 100 + random.float()];
        const arm = at % 2 === 0 ? 'a' : 'b';
        for (const each of [experiment, whole]) {
          if (design === 'paired') {
            each.observe({ kind: 'request', arm: 'both' });
            each.observe({ kind: 'pair', metric: 'accepted', a, b });
            each.observe({ kind: 'pair', metric: 'latency', a: slow, b: slow });
          } else {
            each.observe({ kind: 'request', arm });
            each.observe({ kind: 'outcome', arm, metric: 'accepted', value: arm === 'a' ? a : b });
            each.observe({ kind: 'outcome', arm, metric: 'latency', value: slow });
          }
        }
        if (at % 50 === 0) experiment = Experiment.fromJSON(JSON.parse(JSON.stringify(experiment)) as ExperimentState);
      }
      expect(experiment.toJSON()).toEqual(whole.toJSON());
      expect(whole.verdict().metrics[0]!.standing).toBe('better');
    }
    const other = { ...new Experiment({ design: 'split', metrics: [goal] }).toJSON(), version: 2 };
    expect(() => Experiment.fromJSON(other as unknown as ExperimentState)).toThrow('experiment: expected version 1');
  });

  it('has the infinite bounds of a quantile again after JSON, and the evidence of a verdict that stays', () => {
    const copyOf = (experiment: Experiment) =>
      Experiment.fromJSON(JSON.parse(JSON.stringify(experiment)) as ExperimentState);
    const metrics = [goal, { ...latency, of: { quantile: 0.99 } }];
    const experiment = new Experiment({ design: 'split', metrics, fewest: 20 });
    for (let at = 0; at < 60; at++) {
      for (const arm of ['a', 'b'] as const) {
        experiment.observe({ kind: 'outcome', arm, metric: 'latency', value: 100 + at });
        experiment.observe({ kind: 'outcome', arm, metric: 'accepted', value: at % 2 });
      }
    }
    expect(experiment.verdict().metrics[1]!.difference).toMatchObject({ low: -Infinity, high: Infinity });
    expect(copyOf(experiment).verdict()).toEqual(experiment.verdict());
    while (!experiment.settled) experiment.observe({ kind: 'outcome', arm: 'b', metric: 'accepted', value: -5 });
    expect(experiment.verdict().verdict).toBe('roll_back');
    expect(copyOf(experiment).verdict()).toEqual(experiment.verdict());
    expect(copyOf(experiment).settled).toBe(true);
  });

  it('is as it was after a pair of which one value is refused', () => {
    for (const metric of [goal, { ...latency, name: 'accepted' }]) {
      const experiment = new Experiment({ design: 'paired', metrics: [metric] });
      experiment.observe({ kind: 'pair', metric: 'accepted', a: 1, b: 2 });
      const before = JSON.stringify(experiment);
      for (const [a, b] of [
        [1, NaN],
        [NaN, 1],
      ] as const)
        expect(() => {
          experiment.observe({ kind: 'pair', metric: 'accepted', a, b });
        }).toThrow('value: expected ');
      expect(JSON.stringify(experiment)).toBe(before);
    }
  });

  it('is refused by the name of the field', () => {
    const make = (change: Partial<ExperimentPlan>) => new Experiment({ design: 'split', metrics: [goal], ...change });
    expect(() => make({ metrics: [] })).toThrow('metrics: expected one or more, got 0');
    expect(() => make({ metrics: [goal, { ...goal, name: 'b', weight: 0 }] })).toThrow(
      'metrics[1].weight: expected a number above 0, got 0',
    );
    expect(() => make({ metrics: [goal, goal] })).toThrow("metrics: 'accepted' stands there twice, expected once");
    expect(() => make({ metrics: [{ ...latency, margin: 0 }] })).toThrow(
      'metrics[0].margin: expected a number above 0',
    );
    expect(() => make({ metrics: [{ ...latency, of: { quantile: 1 } }] })).toThrow('metrics[0].of.quantile: expected');
    expect(() => make({ shareOfB: 0 })).toThrow('shareOfB: expected between 0 and 1, got 0');
    expect(() => make({ fewest: 1 })).toThrow('fewest: expected a whole number of 2 or more, got 1');
    expect(() => make({ alpha: 2 })).toThrow('alpha: expected between 0 and 1, got 2');
    expect(() => make({ tuning: 0 })).toThrow('tuning: expected a number above 0, got 0');
    for (const most of [0, 1.5, Infinity])
      expect(() => make({ most })).toThrow(`most: expected a whole number of 1 or more, got ${most}`);
    const experiment = make({});
    const observe = (observation: Parameters<Experiment['observe']>[0]) => () => {
      experiment.observe(observation);
    };
    expect(observe({ kind: 'outcome', arm: 'a', metric: 'clicks', value: 1 })).toThrow(
      'metric: expected one of accepted, got clicks',
    );
    expect(observe({ kind: 'outcome', arm: 'a', metric: 'accepted', value: NaN })).toThrow(
      'value: expected a number from -1e+100 to 1e+100, got NaN',
    );
    expect(observe({ kind: 'request', arm: 'both' })).toThrow('arm: expected a or b in a split design, got both');
    expect(observe({ kind: 'pair', metric: 'accepted', a: 1, b: 2 })).toThrow('expected outcome in a split design');
  });
});
