import { splitAlpha } from './alpha-split.js';
import { defaultTuning } from './confidence-sequence.js';

export interface MetricPlan {
  readonly name: string;
  /** What of the values is compared: their mean (of 0 and 1: a share), or a quantile of values of 0 or more. */
  readonly of: 'mean' | { readonly quantile: number };
  readonly better: 'higher' | 'lower';
  /** A goal has to be better to promote, a guardrail no worse than its margin. */
  readonly role: 'goal' | 'guardrail';
  /** Loss that is put up with, in the metric's unit: default 0, above 0 for a guardrail. */
  readonly margin?: number;
  /** Part of the error rate, default 1. */
  readonly weight?: number;
}

export interface ExperimentPlan {
  /** `split`: a request is answered by one arm (A/B test, canary); `paired`: by both (shadow). */
  readonly design: 'split' | 'paired';
  readonly metrics: readonly MetricPlan[];
  /** Chance of a false verdict, over all metrics and looks: default 0.05. */
  readonly alpha?: number;
  /** Share of requests that go to b, default 0.5. */
  readonly shareOfB?: number;
  /** Values of each arm before a metric is looked at, default 100. */
  readonly fewest?: number;
  /** Requests after which an undecided experiment ends as inconclusive; left out: it goes on. */
  readonly most?: number;
  /** N* of the confidence sequences: default 5000, and 1250 where each request is answered by both arms. */
  readonly tuning?: number;
}

export interface PlannedMetric extends Required<MetricPlan> {
  readonly alpha: number;
}

export interface Planned extends Required<Omit<ExperimentPlan, 'metrics' | 'most'>> {
  readonly metrics: readonly PlannedMetric[];
  /** Infinity: it goes on. */
  readonly most: number;
}

/** The plan with its defaults. @throws RangeError naming the field that is out of range. */
export function planned(plan: ExperimentPlan): Planned {
  const { design, alpha = 0.05, shareOfB = 0.5, fewest = 100, most = Infinity } = plan;
  // A pair tells as much as four requests at a correlation of a half: so tuned, the same interval comes from a quarter of them.
  const { tuning = design === 'paired' ? defaultTuning / 4 : defaultTuning } = plan;
  expectThat(shareOfB > 0 && shareOfB < 1, 'shareOfB', 'between 0 and 1', shareOfB);
  expectThat(Number.isInteger(fewest) && fewest >= 2, 'fewest', 'a whole number of 2 or more', fewest);
  expectThat(
    plan.most === undefined || (Number.isSafeInteger(most) && most >= 1),
    'most',
    'a whole number of 1 or more',
    most,
  );
  expectThat(tuning > 0 && tuning < Infinity, 'tuning', 'a number above 0', tuning);
  expectThat(plan.metrics.length > 0, 'metrics', 'one or more', 0);
  const complete = plan.metrics.map((metric, index) => metricOf(metric, index));
  const alphas = splitAlpha(
    alpha,
    complete.map(({ weight }) => weight),
  );
  const metrics = complete.map((metric, index) => ({ ...metric, alpha: alphas[index]! }));
  const twice = metrics.find(({ name }, index) => metrics.findIndex((other) => other.name === name) < index);
  if (twice !== undefined) throw new RangeError(`metrics: '${twice.name}' stands there twice, expected once`);
  return { design, alpha, shareOfB, fewest, most, tuning, metrics };
}

function metricOf(metric: MetricPlan, index: number): Required<MetricPlan> {
  const { margin = 0, weight = 1, of, role } = metric;
  const field = (name: string) => `metrics[${index}].${name}`;
  expectThat(margin >= 0 && margin < Infinity, field('margin'), '0 or more', margin);
  expectThat(role === 'goal' || margin > 0, field('margin'), 'a number above 0 for a guardrail', margin);
  expectThat(weight > 0 && weight < Infinity, field('weight'), 'a number above 0', weight);
  if (of !== 'mean') {
    expectThat(of.quantile > 0 && of.quantile < 1, field('of.quantile'), 'between 0 and 1', of.quantile);
  }
  return { ...metric, margin, weight };
}

function expectThat(holds: boolean, field: string, expected: string, found: number): void {
  if (!holds) throw new RangeError(`${field}: expected ${expected}, got ${found}`);
}
