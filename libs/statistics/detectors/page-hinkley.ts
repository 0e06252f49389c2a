import { assertNever } from '#libs/kernel/index.js';
import { defineDetector, type DetectorCore, type Reading, type Signal } from './detector.js';
import type { Values } from './parameters.js';
import { RunningMean } from './running-mean.js';
import type { SavedFields } from './saved-fields.js';

const parameters = {
  min_instances: { type: 'integer', default: 30, from: 1, to: 1e9, about: 'samples before it tells anything' },
  delta: { type: 'number', default: 0.005, from: 0, to: 1e100, about: 'change of the mean that is let pass' },
  threshold: { type: 'number', default: 50, above: 0, to: 1e100, about: 'sum of deviations that is drift above it' },
  alpha: { type: 'number', default: 0.9999, above: 0, to: 1, about: 'what is left of the sum with every sample' },
  mode: { type: 'choice', default: 'both', options: ['both', 'up', 'down'], about: 'changes of the mean that count' },
} as const;

/**
 * Page–Hinkley: Page, "Continuous inspection schemes", Biometrika 41, 1954; with a fading sum and both sides as river has
 * it (Sebastião and Fernandes 2017). Deviations from the mean so far, less delta, are summed; drift where the sum has
 * risen from its lowest value by more than the threshold, and alike downwards. O(1) per sample, six numbers of state.
 *
 * `Random(12345)`: 1,000 of 0 and 1, then 1,000 of 4 to 7: drift at index 1006.
 */
export const pageHinkley = defineDetector({
  name: 'page_hinkley',
  version: 1,
  title: 'Page–Hinkley test',
  takes: 'numbers',
  warns: false,
  parameters,
  start: (values) => new PageHinkley(values),
});

class PageHinkley implements DetectorCore {
  readonly #mean = new RunningMean();
  #up = 0;
  #down = 0;
  #lowest = Infinity;
  #highest = -Infinity;

  constructor(private readonly values: Values<typeof parameters>) {}

  take(value: number): Signal {
    const { alpha, delta, threshold, min_instances } = this.values;
    const mean = this.#mean;
    mean.add(value);
    const deviation = value - mean.value;
    this.#up = alpha * this.#up + deviation - delta;
    this.#down = alpha * this.#down + deviation + delta;
    if (this.#up < this.#lowest) this.#lowest = this.#up;
    if (this.#down > this.#highest) this.#highest = this.#down;
    return mean.count >= min_instances && this.#statistic() > threshold ? 'drift' : 'none';
  }

  reset(): void {
    this.#mean.set(0, 0);
    this.#up = 0;
    this.#down = 0;
    this.#lowest = Infinity;
    this.#highest = -Infinity;
  }

  reading(): Reading {
    const { count, value } = this.#mean;
    if (count === 0) return { samples: 0, mean: null, statistic: null, threshold: null };
    return { samples: count, mean: value, statistic: this.#statistic(), threshold: this.values.threshold };
  }

  save() {
    const begun = this.#mean.count > 0;
    return {
      count: this.#mean.count,
      mean: this.#mean.value,
      up: this.#up,
      down: this.#down,
      lowest: begun ? this.#lowest : null,
      highest: begun ? this.#highest : null,
    };
  }

  restore(saved: SavedFields): void {
    this.#mean.set(saved.count('count'), saved.number('mean'));
    this.#up = saved.number('up');
    this.#down = saved.number('down');
    this.#lowest = saved.numberOrNull('lowest') ?? Infinity;
    this.#highest = saved.numberOrNull('highest') ?? -Infinity;
  }

  #statistic(): number {
    const { mode } = this.values;
    const [risen, fallen] = [this.#up - this.#lowest, this.#highest - this.#down];
    switch (mode) {
      case 'up':
        return risen;
      case 'down':
        return fallen;
      case 'both':
        return risen > fallen ? risen : fallen;
      default:
        return assertNever(mode, 'mode');
    }
  }
}
