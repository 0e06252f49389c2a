import { defineDetector, type DetectorCore, type Reading, type Signal } from './detector.js';
import type { Values } from './parameters.js';
import { RunningMean } from './running-mean.js';
import type { SavedFields } from './saved-fields.js';

const parameters = {
  warm_start: {
    type: 'integer',
    default: 30,
    from: 1,
    to: 1e9,
    about: 'samples, and errors, before it tells anything',
  },
  alpha: {
    type: 'number',
    default: 0.95,
    above: 0,
    to: 1,
    about: 'share of the greatest distance that warns below it',
  },
  beta: {
    type: 'number',
    default: 0.9,
    above: 0,
    to: 1,
    about: 'share of the greatest distance that is drift below it',
  },
} as const;

/**
 * EDDM, Early Drift Detection Method: Baena-García, del Campo-Ávila, Fidalgo, Bifet, Gavaldà and Morales-Bueno, 4th
 * International Workshop on Knowledge Discovery from Data Streams, 2006. Samples from one error to the next, their mean m
 * and standard deviation d since the last drift; drift where m + 2d falls below beta times the greatest m + 2d that was
 * seen. It speaks on errors alone: a warning stays until an error takes it back. O(1) per sample.
 *
 * `Random(42)`, alpha 0.8, beta 0.75: 1,000 errors of rate ½, then of rate 0.7: drift at index 1278, a warning at 1059.
 */
export const eddm = defineDetector({
  name: 'eddm',
  version: 1,
  title: 'Early Drift Detection Method',
  takes: 'errors',
  warns: true,
  parameters,
  conflict: ({ alpha, beta }) =>
    beta <= alpha ? null : `beta: expected at most alpha (${alpha}), since a warning comes before drift, got ${beta}`,
  start: (values) => new Eddm(values),
});

class Eddm implements DetectorCore {
  readonly #errors = new RunningMean();
  readonly #distance = new RunningMean();
  #squares = 0;
  /** Samples up to the last error. */
  #last = 0;
  #greatest = 0;
  /** m + 2d over the greatest, where it was compared. */
  #level: number | null = null;
  #warning = false;

  constructor(private readonly values: Values<typeof parameters>) {}

  take(value: number): Signal {
    this.#errors.add(value);
    if (value === 1 && this.#afterError()) return 'drift';
    return this.#warning ? 'warning' : 'none';
  }

  reset(): void {
    this.#errors.set(0, 0);
    this.#distance.set(0, 0);
    this.#squares = 0;
    this.#last = 0;
    this.#greatest = 0;
    this.#level = null;
    this.#warning = false;
  }

  reading(): Reading {
    const { count, value } = this.#errors;
    const judged = this.#level !== null;
    return {
      samples: count,
      mean: count === 0 ? null : value,
      statistic: this.#level,
      threshold: judged ? this.values.beta : null,
    };
  }

  save() {
    return {
      count: this.#errors.count,
      rate: this.#errors.value,
      errors: this.#distance.count,
      distance: this.#distance.value,
      squares: this.#squares,
      last: this.#last,
      greatest: this.#greatest,
      level: this.#level,
      warning: this.#warning,
    };
  }

  restore(saved: SavedFields): void {
    this.#errors.set(saved.count('count'), saved.number('rate'));
    this.#distance.set(saved.count('errors'), saved.number('distance'));
    this.#squares = saved.number('squares');
    this.#last = saved.count('last');
    this.#greatest = saved.number('greatest');
    this.#level = saved.numberOrNull('level');
    this.#warning = saved.boolean('warning');
  }

  /** Whether there is drift. */
  #afterError(): boolean {
    this.#addDistance(this.#errors.count - this.#last);
    this.#last = this.#errors.count;
    if (this.#errors.count <= this.values.warm_start) return false;
    const { count, value } = this.#distance;
    const reach = value + 2 * Math.sqrt(count > 1 ? this.#squares / (count - 1) : 0);
    if (reach > this.#greatest) {
      this.#greatest = reach;
      return false;
    }
    if (count <= this.values.warm_start) return false;
    this.#level = reach / this.#greatest;
    if (this.#level < this.values.beta) return true;
    this.#warning = this.#level < this.values.alpha;
    return false;
  }

  #addDistance(samples: number): void {
    const before = this.#distance.value;
    this.#distance.add(samples);
    this.#squares += (samples - before) * (samples - this.#distance.value);
  }
}
