import { defineDetector, type DetectorCore, type Reading, type Signal } from './detector.js';
import { confidenceConflict, confidences } from './hddm.js';
import type { Values } from './parameters.js';
import { RunningMean } from './running-mean.js';
import type { SavedFields } from './saved-fields.js';

const { sqrt } = Math;

/**
 * HDDM_A, Hoeffding's bounds on moving averages: Frías-Blanco, del Campo-Ávila, Ramos-Jiménez, Morales-Bueno, Ortiz-Díaz and
 * Caballero-Mota, "Online and non-parametric drift detection methods based on Hoeffding's bounds", IEEE TKDE 27(3), 2015.
 * The mean of all samples since the last drift against that of those up to the cut, the point where the mean's upper
 * bound was lowest; drift where it is above by what Hoeffding's inequality leaves to chance with drift_confidence.
 * O(1) per sample, three means of state.
 *
 * `Random(42)`: 1,000 errors of rate ½, then of rate 0.7: drift at index 1206, a first warning at 451.
 */
export const hddmA = defineDetector({
  name: 'hddm_a',
  version: 1,
  title: "Hoeffding's bounds on moving averages",
  takes: 'errors',
  warns: true,
  parameters: confidences,
  conflict: (values) => confidenceConflict(values),
  start: (values) => new HddmA(values),
});

class HddmA implements DetectorCore {
  readonly #all = new RunningMean();
  /** Up to where the upper bound of the mean was lowest, and the lower bound highest. */
  readonly #lowest = new RunningMean();
  readonly #highest = new RunningMean();
  readonly #twoSided: boolean;
  readonly #cutLog: number;
  readonly #driftLog: number;
  readonly #warningLog: number;

  constructor(values: Values<typeof confidences>) {
    this.#twoSided = values.two_sided_test;
    this.#cutLog = Math.log(1 / values.drift_confidence);
    this.#driftLog = Math.log(2 / values.drift_confidence);
    this.#warningLog = Math.log(2 / values.warning_confidence);
  }

  take(value: number): Signal {
    const [all, lowest, highest] = [this.#all, this.#lowest, this.#highest];
    all.add(value);
    const bound = this.#bound(all.count);
    if (lowest.count === 0 || lowest.value + this.#bound(lowest.count) >= all.value + bound)
      lowest.set(all.count, all.value);
    const rise = all.value - lowest.value;
    if (!this.#twoSided) return this.#signalOf(rise, lowest.count);
    if (highest.count === 0 || highest.value - this.#bound(highest.count) <= all.value - bound)
      highest.set(all.count, all.value);
    const risen = this.#signalOf(rise, lowest.count);
    const fallen = this.#signalOf(highest.value - all.value, highest.count);
    if (risen === 'drift' || fallen === 'drift') return 'drift';
    return risen === 'warning' ? risen : fallen;
  }

  reset(): void {
    for (const mean of [this.#all, this.#lowest, this.#highest]) mean.set(0, 0);
  }

  reading(): Reading {
    const { count, value } = this.#all;
    if (count === 0) return { samples: 0, mean: null, statistic: null, threshold: null };
    const rise = { statistic: value - this.#lowest.value, threshold: this.#margin(this.#lowest.count, this.#driftLog) };
    const fall = {
      statistic: this.#highest.value - value,
      threshold: this.#margin(this.#highest.count, this.#driftLog),
    };
    const falling = this.#twoSided && fall.statistic - fall.threshold > rise.statistic - rise.threshold;
    return { samples: count, mean: value, ...(falling ? fall : rise) };
  }

  save() {
    return {
      count: this.#all.count,
      mean: this.#all.value,
      lowest_count: this.#lowest.count,
      lowest_mean: this.#lowest.value,
      highest_count: this.#highest.count,
      highest_mean: this.#highest.value,
    };
  }

  restore(saved: SavedFields): void {
    this.#all.set(saved.count('count'), saved.number('mean'));
    this.#lowest.set(saved.count('lowest_count'), saved.number('lowest_mean'));
    this.#highest.set(saved.count('highest_count'), saved.number('highest_mean'));
  }

  /** Half the width of the interval of a mean of `count`. */
  #bound(count: number): number {
    return sqrt((1 / (2 * count)) * this.#cutLog);
  }

  #signalOf(difference: number, cut: number): Signal {
    if (cut === this.#all.count) return 'none';
    if (difference >= this.#margin(cut, this.#driftLog)) return 'drift';
    return difference >= this.#margin(cut, this.#warningLog) ? 'warning' : 'none';
  }

  /** By how much the mean of all and that of the first `cut` differ by chance at most. */
  #margin(cut: number, log: number): number {
    const { count } = this.#all;
    const share = ((count - cut) / cut) * (1 / count);
    return sqrt((share / 2) * log);
  }
}
