import { assertNever } from '#libs/kernel/index.js';
import { emptyArm, withValue, type Arm } from './arm.js';
import { differenceSequence, meanSequence, type SequenceInterval } from './confidence-sequence.js';
import { LatencyCounts, requireLatency, type LatencyCountsJson } from './latency-counts.js';
import { planned, type ExperimentPlan, type Planned, type PlannedMetric } from './plan.js';
import { quantileDifference } from './quantile-sequence.js';
import { sampleRatio, type SampleRatio } from './sample-ratio.js';
import type { ArmName, ExperimentVerdict, MetricVerdict, Observation } from './verdict.js';

type MetricState =
  | { readonly of: 'mean'; a: Arm; b: Arm; differences: Arm }
  | { readonly of: 'quantile'; readonly a: LatencyCounts; readonly b: LatencyCounts };

/** All there is to know of an experiment that runs: plain JSON. */
export interface ExperimentState {
  readonly method: 'experiment';
  readonly version: 1;
  readonly plan: ExperimentPlan;
  readonly requests: Readonly<Record<ArmName, number>>;
  /** Requests at which they are looked at next. */
  readonly nextRatioLook: number;
  readonly metrics: readonly (
    | { readonly of: 'mean'; readonly a: Arm; readonly b: Arm; readonly differences: Arm }
    | { readonly of: 'quantile'; readonly a: LatencyCountsJson; readonly b: LatencyCountsJson }
  )[];
  readonly verdict: ExperimentVerdict;
}

/**
 * The sample ratio is looked at first when the smaller arm should have 50 requests, below which χ² is not to be trusted at
 * 0.001, and then each time that they have doubled: few looks, so that chance stops fewer than 1 of 100 experiments.
 */
const fewestExpected = 50;
const ratioLookGrowth = 2;

/**
 * A/B tests, canaries and shadows as a fold: observations in, a verdict out, the same however often one looks. b is the candidate, a
 * what serves. A metric is judged by a confidence sequence of its difference at its part of alpha, so that a verdict is false with a
 * chance of at most alpha:
 *
 * - roll_back: a metric is worse by more than its margin, for certain.
 * - promote: every goal is better, and every guardrail no worse than its margin, for certain.
 * - inconclusive: requests are not parted as planned (χ², p < 0.001, looked at each time that requests have
 *   doubled), or `most` of them have brought no verdict. It pauses a rollout, it never promotes it.
 * - not_yet: all else. A verdict other than this stays, with the evidence it was made on; what comes later is not read.
 *
 * In a paired design a metric of means is judged by the differences, pair by pair: at a correlation ρ of the arms that takes
 * (1 − ρ) / 2 of the requests. A latency is compared by a quantile. An observation takes constant time, of a quantile
 * log(values) and a pass over the latencies' cells.
 *
 *     const experiment = new Experiment({ design: 'split', metrics: [
 *       { name: 'accepted', of: 'mean', better: 'higher', role: 'goal' },
 *       { name: 'latency_ms', of: { quantile: 0.95 }, better: 'lower', role: 'guardrail', margin: 20 } ] });
 *     experiment.observe({ kind: 'request', arm: 'b' });
 *     experiment.observe({ kind: 'outcome', arm: 'b', metric: 'accepted', value: 1 });
 *     experiment.verdict()        { verdict: 'not_yet', … }
 *
 * @throws RangeError naming the field of the plan, or of an observation, that is out of range.
 */
export class Experiment {
  readonly #plan: ExperimentPlan;
  readonly #planned: Planned;
  readonly #metrics: MetricState[];
  readonly #standings: MetricVerdict[];
  readonly #requests = { a: 0, b: 0 };
  #nextRatioLook: number;
  #sampleRatio: SampleRatio | null = null;
  #final: ExperimentVerdict | null = null;

  constructor(plan: ExperimentPlan) {
    this.#plan = plan;
    this.#planned = planned(plan);
    const { shareOfB } = this.#planned;
    this.#nextRatioLook = Math.ceil(fewestExpected / Math.min(shareOfB, 1 - shareOfB));
    this.#metrics = this.#planned.metrics.map(({ of }) =>
      of === 'mean'
        ? { of, a: emptyArm, b: emptyArm, differences: emptyArm }
        : { of: 'quantile', a: new LatencyCounts(), b: new LatencyCounts() },
    );
    this.#standings = this.#metrics.map((_, index) => this.standingOf(index));
  }

  /** @throws RangeError where it is of another method or version. */
  static fromJSON(state: ExperimentState): Experiment {
    const { method, version } = state as { method: string; version: number };
    if (method !== 'experiment' || version !== 1) {
      throw new RangeError(`experiment: expected version 1, got ${method} ${version}`);
    }
    const experiment = new Experiment(state.plan);
    for (const [index, metric] of state.metrics.entries()) {
      experiment.#metrics[index] =
        metric.of === 'mean'
          ? { ...metric }
          : { of: 'quantile', a: LatencyCounts.fromJSON(metric.a), b: LatencyCounts.fromJSON(metric.b) };
      // Not what the verdict says of them: JSON has no infinite bounds.
      experiment.#standings[index] = experiment.standingOf(index);
    }
    experiment.#requests.a = state.requests.a;
    experiment.#requests.b = state.requests.b;
    experiment.#nextRatioLook = state.nextRatioLook;
    experiment.#sampleRatio = state.verdict.sampleRatio;
    if (state.verdict.verdict !== 'not_yet') experiment.#final = experiment.verdict();
    return experiment;
  }

  toJSON(): ExperimentState {
    return {
      ...{ method: 'experiment', version: 1, plan: this.#plan, requests: { ...this.#requests } },
      nextRatioLook: this.#nextRatioLook,
      metrics: this.#metrics.map((metric) =>
        metric.of === 'mean' ? { ...metric } : { of: metric.of, a: metric.a.toJSON(), b: metric.b.toJSON() },
      ),
      verdict: this.verdict(),
    };
  }

  /** @throws RangeError for an observation that the plan has no place for, or a value out of range; nothing has changed then. */
  observe(observation: Observation): void {
    if (this.#final !== null) return;
    switch (observation.kind) {
      case 'request':
        this.countRequest(observation.arm);
        break;
      case 'outcome':
        if (this.#planned.design === 'paired')
          throw new RangeError('kind: expected pair in a paired design, got outcome');
        this.addValues(observation.metric, { [observation.arm]: observation.value });
        break;
      case 'pair':
        if (this.#planned.design === 'split')
          throw new RangeError('kind: expected outcome in a split design, got pair');
        this.addValues(observation.metric, { a: observation.a, b: observation.b });
        break;
      default:
        assertNever(observation, 'observation');
    }
    if (this.decision().verdict !== 'not_yet') this.#final = this.verdict();
  }

  /** There is a verdict that stays; quicker to ask than what it is. */
  get settled(): boolean {
    return this.#final !== null;
  }

  verdict(): ExperimentVerdict {
    if (this.#final !== null) return this.#final;
    return {
      ...this.decision(),
      requests: { ...this.#requests },
      metrics: [...this.#standings],
      sampleRatio: this.#sampleRatio,
    };
  }

  private decision(): Pick<ExperimentVerdict, 'verdict' | 'reason'> {
    const standings = this.#standings;
    if (this.#sampleRatio?.mismatch === true) return { verdict: 'inconclusive', reason: 'sample_ratio_mismatch' };
    if (standings.some(({ standing }) => standing === 'worse')) return { verdict: 'roll_back', reason: 'metrics' };
    const served = this.#planned.metrics.every(({ role }, index) => {
      const { standing } = standings[index]!;
      return standing === 'better' || (role === 'guardrail' && standing === 'no_worse');
    });
    if (served) return { verdict: 'promote', reason: 'metrics' };
    const requests = Math.max(this.#requests.a, this.#requests.b);
    const answered = this.#planned.design === 'paired' ? requests : this.#requests.a + this.#requests.b;
    if (answered >= this.#planned.most) return { verdict: 'inconclusive', reason: 'out_of_requests' };
    return { verdict: 'not_yet', reason: 'evidence' };
  }

  private countRequest(arm: ArmName | 'both'): void {
    const { design, shareOfB } = this.#planned;
    if ((arm === 'both') !== (design === 'paired')) {
      throw new RangeError(
        `arm: expected ${design === 'paired' ? 'both' : 'a or b'} in a ${design} design, got ${arm}`,
      );
    }
    const requests = this.#requests;
    if (arm !== 'b') requests.a++;
    if (arm !== 'a') requests.b++;
    if (design === 'paired' || requests.a + requests.b < this.#nextRatioLook) return;
    this.#sampleRatio = sampleRatio([requests.a, requests.b], [1 - shareOfB, shareOfB]);
    this.#nextRatioLook = Math.ceil(this.#nextRatioLook * ratioLookGrowth);
  }

  private addValues(name: string, values: Partial<Record<ArmName, number>>): void {
    const index = this.#planned.metrics.findIndex((metric) => metric.name === name);
    if (index < 0) {
      const names = this.#planned.metrics.map((metric) => metric.name).join(', ');
      throw new RangeError(`metric: expected one of ${names}, got ${name}`);
    }
    const state = this.#metrics[index]!;
    const { a, b } = values;
    if (state.of === 'mean') {
      // All of them first: one that is refused leaves the others as they were.
      const next = {
        a: a === undefined ? state.a : withValue(state.a, a),
        b: b === undefined ? state.b : withValue(state.b, b),
        differences: a === undefined || b === undefined ? state.differences : withValue(state.differences, b - a),
      };
      Object.assign(state, next);
    } else {
      for (const value of [a, b]) if (value !== undefined) requireLatency(value);
      if (a !== undefined) state.a.add(a);
      if (b !== undefined) state.b.add(b);
    }
    this.#standings[index] = this.standingOf(index);
  }

  private standingOf(index: number): MetricVerdict {
    const plan = this.#planned.metrics[index]!;
    const state = this.#metrics[index]!;
    const values = { a: state.a.count, b: state.b.count };
    const enough = Math.min(values.a, values.b) >= this.#planned.fewest;
    const difference = enough ? this.differenceOf(plan, state) : null;
    return { metric: plan.name, alpha: plan.alpha, difference, values, standing: standingIn(plan, difference) };
  }

  private differenceOf({ alpha, of }: PlannedMetric, state: MetricState): SequenceInterval | null {
    const options = { alpha, tuning: this.#planned.tuning };
    if (state.of === 'quantile') {
      return of === 'mean' ? null : quantileDifference(state.a, state.b, of.quantile, options);
    }
    if (this.#planned.design === 'paired') return meanSequence(state.differences, options);
    return differenceSequence(state.a, state.b, options);
  }
}

function standingIn({ better, margin }: PlannedMetric, difference: SequenceInterval | null): MetricVerdict['standing'] {
  if (difference === null) return 'open';
  const [least, most] = better === 'higher' ? [difference.low, difference.high] : [-difference.high, -difference.low];
  if (most < -margin) return 'worse';
  if (least > 0) return 'better';
  return margin > 0 && least > -margin ? 'no_worse' : 'open';
}
