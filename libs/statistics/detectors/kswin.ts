import { defineDetector, type DetectorCore, type Reading, type Signal } from './detector.js';
import { MersenneTwister } from './mersenne-twister.js';
import type { Values } from './parameters.js';
import { PythonSample } from './python-sample.js';
import type { SavedFields } from './saved-fields.js';
import { SlidingOrder } from './sliding-order.js';

const parameters = {
  alpha: { type: 'number', default: 0.005, above: 0, below: 1, about: 'p-value of a difference that is drift' },
  window_size: { type: 'integer', default: 100, from: 2, to: 20_000, about: 'samples of the window' },
  stat_size: { type: 'integer', default: 30, from: 1, to: 10_000, about: 'newest samples, and older ones drawn' },
  seed: { type: 'integer', default: 0, from: 0, to: Number.MAX_SAFE_INTEGER, about: 'of the draws' },
} as const;

/**
 * KSWIN, Kolmogorov–Smirnov windowing: Raab, Heusinger and Schleif, "Reactive soft prototype computing for concept drift
 * streams", Neurocomputing 416, 2020. The newest stat_size samples of the window against as many drawn from the older
 * ones; drift where the exact two-sample Kolmogorov–Smirnov test has a p-value of alpha at most, and the distance is
 * above 0.1. O(window_size) per sample. It tests at every sample: alpha is the error rate of one look, not of the stream.
 *
 * `Random(12345)`: 1,000 of 0 and 1, then 1,000 of 4 to 7, alpha 0.0001, seed 42: drift at index 1016.
 */
export const kswin = defineDetector({
  name: 'kswin',
  version: 1,
  title: 'Kolmogorov–Smirnov windowing',
  takes: 'numbers',
  warns: false,
  parameters,
  conflict: conflictOf,
  start: (values) => new Kswin(values),
});

class Kswin implements DetectorCore {
  readonly #window: SlidingOrder;
  readonly #sample: PythonSample;
  readonly #seeded: MersenneTwister;
  readonly #random: MersenneTwister;
  /** By place in the window: 1 drawn, −1 among the newest, 0 neither. */
  readonly #sides: Int8Array;
  readonly #older: number;
  readonly #size: number;
  /** The least distance that is drift, times the size. */
  readonly #critical: number;
  /** The last distance, times the size. */
  #distance: number | null = null;

  constructor({ alpha, window_size, stat_size, seed }: Values<typeof parameters>) {
    this.#size = stat_size;
    this.#older = window_size - stat_size;
    this.#window = new SlidingOrder(window_size);
    this.#sample = new PythonSample(this.#older, stat_size);
    this.#seeded = MersenneTwister.fromSeed(seed);
    this.#random = MersenneTwister.fromSeed(seed);
    this.#sides = new Int8Array(window_size);
    this.#critical = criticalDistance(stat_size, alpha);
  }

  take(value: number): Signal {
    this.#window.push(value);
    if (!this.#window.full) return 'none';
    this.#sides.fill(0, 0, this.#older).fill(-1, this.#older);
    for (const place of this.#sample.draw(this.#random)) this.#sides[place] = 1;
    this.#distance = this.#window.greatestDifference(this.#sides);
    return this.#distance >= this.#critical ? 'drift' : 'none';
  }

  reset(): void {
    this.#window.clear();
    this.#random.copy(this.#seeded);
    this.#distance = null;
  }

  reading(): Reading {
    const { length } = this.#window;
    const judged = this.#distance !== null;
    return {
      samples: length,
      mean: length === 0 ? null : this.#window.values().reduce((sum, value) => sum + value, 0) / length,
      statistic: this.#distance === null ? null : this.#distance / this.#size,
      threshold: judged ? (this.#critical - 1) / this.#size : null,
    };
  }

  save() {
    return { window: this.#window.values(), random: this.#random.save(), distance: this.#distance };
  }

  restore(saved: SavedFields): void {
    const window = saved.numbers('window');
    const most = this.#sides.length;
    if (window.length > most) saved.unfit('window', `at most ${most} numbers`);
    for (const value of window) this.#window.push(value);
    if (!this.#random.restore(saved.numbers('random')))
      saved.unfit('random', '624 words of 32 bits, and how many of them are used up');
    this.#distance = saved.numberOrNull('distance');
  }
}

function conflictOf({ alpha, window_size: window, stat_size: size }: Values<typeof parameters>): string | null {
  if (window < 2 * size) return `window_size: expected at least twice stat_size (${2 * size}), got ${window}`;
  const least = exceedance(size, size);
  return least <= alpha
    ? null
    : `alpha: expected at least ${least.toPrecision(3)}, the least p-value that stat_size ${size} can give, got ${alpha}`;
}

/** A distance at most this is never drift. */
const negligible = 0.1;

function criticalDistance(size: number, alpha: number): number {
  let [not, drift] = [Math.max(1, Math.floor(negligible * size)), size];
  if (not / size > negligible && exceedance(size, not) <= alpha) return not;
  while (drift - not > 1) {
    const middle = (not + drift) >>> 1;
    if (middle / size > negligible && exceedance(size, middle) <= alpha) drift = middle;
    else not = middle;
  }
  return drift;
}

/**
 * Chance that two samples of `size` from one continuous distribution are at least `distance`/size apart:
 * 2·Σ (−1)^(k−1)·C(2n, n − k·d)/C(2n, n) (Gnedenko and Korolyuk 1951), nested so that nothing cancels.
 */
function exceedance(size: number, distance: number): number {
  let sum = 0;
  for (let term = Math.floor(size / distance); term >= 1; term--) {
    let ratio = 1;
    for (let step = 0; step < distance; step++) {
      const passed = (term - 1) * distance + step;
      ratio *= (size - passed) / (size + passed + 1);
    }
    sum = ratio * (1 - sum);
  }
  return 2 * sum;
}
