import { defineDetector, type DetectorCore, type Reading, type Signal } from './detector.js';
import type { Values } from './parameters.js';
import { RunningMean } from './running-mean.js';
import type { SavedFields } from './saved-fields.js';

const { sqrt } = Math;

const parameters = {
  warm_start: { type: 'integer', default: 30, from: 1, to: 1e9, about: 'samples before it tells anything' },
  warning_threshold: {
    type: 'number',
    default: 2,
    above: 0,
    to: 100,
    about: 'standard deviations above the lowest error rate that warn',
  },
  drift_threshold: {
    type: 'number',
    default: 3,
    above: 0,
    to: 100,
    about: 'standard deviations above the lowest error rate that are drift',
  },
} as const;

/**
 * DDM, Drift Detection Method: Gama, Medas, Castillo and Rodrigues, "Learning with drift detection", SBIA 2004. The error
 * rate p and its standard deviation s = √(p(1 − p)/n) since the last drift; drift where p + s is above the lowest
 * p + drift_threshold·s that was seen. O(1) per sample, two numbers of state and two of the lowest.
 *
 * `Random(42)`: 1,000 errors of rate ½, then of rate 0.7: drift at index 1334, a first warning at 1084.
 */
export const ddm = defineDetector({
  name: 'ddm',
  version: 1,
  title: 'Drift Detection Method',
  takes: 'errors',
  warns: true,
  parameters,
  conflict: ({ warning_threshold: warning, drift_threshold: drift }) =>
    warning <= drift
      ? null
      : `warning_threshold: expected at most drift_threshold (${drift}), since a warning comes before, got ${warning}`,
  start: (values) => new Ddm(values),
});

class Ddm implements DetectorCore {
  readonly #rate = new RunningMean();
  /** Infinite before any. */
  #lowest = Infinity;
  #lowestRate = 0;
  #lowestDeviation = 0;

  constructor(private readonly values: Values<typeof parameters>) {}

  take(value: number): Signal {
    const rate = this.#rate;
    rate.add(value);
    if (rate.count <= this.values.warm_start) return 'none';
    const deviation = this.#deviation();
    const level = rate.value + deviation;
    if (level <= this.#lowest) {
      this.#lowest = level;
      this.#lowestRate = rate.value;
      this.#lowestDeviation = deviation;
    }
    if (level > this.#threshold(this.values.drift_threshold)) return 'drift';
    return level > this.#threshold(this.values.warning_threshold) ? 'warning' : 'none';
  }

  reset(): void {
    this.#rate.set(0, 0);
    this.#lowest = Infinity;
  }

  reading(): Reading {
    const { count, value } = this.#rate;
    if (count === 0) return { samples: 0, mean: null, statistic: null, threshold: null };
    const judged = this.#lowest < Infinity;
    return {
      samples: count,
      mean: value,
      statistic: judged ? value + this.#deviation() : null,
      threshold: judged ? this.#threshold(this.values.drift_threshold) : null,
    };
  }

  save() {
    const { count, value } = this.#rate;
    const judged = this.#lowest < Infinity;
    return {
      count,
      rate: value,
      lowest_rate: judged ? this.#lowestRate : null,
      lowest_deviation: judged ? this.#lowestDeviation : null,
    };
  }

  restore(saved: SavedFields): void {
    this.#rate.set(saved.count('count'), saved.number('rate'));
    const rate = saved.numberOrNull('lowest_rate');
    if (rate === null) return;
    this.#lowestRate = rate;
    this.#lowestDeviation = saved.number('lowest_deviation');
    this.#lowest = this.#lowestRate + this.#lowestDeviation;
  }

  #deviation(): number {
    const { count, value } = this.#rate;
    return sqrt((value * (1 - value)) / count);
  }

  #threshold(deviations: number): number {
    return this.#lowestRate + deviations * this.#lowestDeviation;
  }
}
