import type { MeasuredRows, Metrics } from '../metrics/metrics.js';
import { Random } from '../random.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly seed: number;
  /** Default 200. */
  readonly resamples?: number;
  /** Rows of a resample at most, default 20,000; of more rows, a sample of so many stands for all. */
  readonly mostRows?: number;
}

const level = 0.95;

/**
 * 95 % percentile intervals of every metric, by a bootstrap over rows (Efron and Tibshirani 1993, chapter 13). Of more rows
 * than `mostRows`, a sample of m is resampled, and what is found around the sample's figure is drawn in by √(m / rows) around
 * the figure of all rows (Bickel, Götze and van Zwet 1997). A metric that is not defined on every resample has no interval.
 */
export function bootstrapIntervals(measured: MeasuredRows, options: BootstrapOptions): Record<string, Interval> {
  const draws = bootstrap([measured], ([metrics]) => metrics!, options);
  const all = measured.metrics();
  const intervals = Object.entries(all).flatMap(([name, value]) => {
    const interval = draws.intervalOf(name, value);
    return interval === null ? [] : [[name, interval] as const];
  });
  return Object.fromEntries(intervals);
}

export interface Draws {
  /** null: the figure is not defined on every resample. */
  intervalOf(name: string, value: number): Interval | null;
}

/**
 * Figures of `of`, over resamples of the same rows of all that is measured: row r of one and of another are drawn together.
 */
export function bootstrap(
  measured: readonly MeasuredRows[],
  of: (metrics: readonly Metrics[]) => Metrics,
  { seed, resamples = 200, mostRows = 20_000 }: BootstrapOptions,
): Draws {
  const random = new Random(seed, 0x626f6f74);
  const { rows } = measured[0]!;
  const sample = rows > mostRows ? sampled(rows, mostRows, random) : null;
  const parts = sample === null ? measured : measured.map((each) => each.take(sample));
  const figures = of(parts.map((each) => each.metrics()));
  const counts = new Float64Array(parts[0]!.rows);
  const resampled = Array.from({ length: resamples }, () => {
    counts.fill(0);
    for (let draw = 0; draw < counts.length; draw++) counts[random.below(counts.length)]!++;
    return of(parts.map((each) => each.metrics(counts)));
  });
  const shrink = Math.sqrt(counts.length / rows);
  return {
    intervalOf(name, value) {
      const values = resampled.flatMap((each) => each[name] ?? []).sort((a, b) => a - b);
      const centre = figures[name];
      if (centre === undefined || values.length < resamples) return null;
      const end = (share: number) => value + shrink * (quantile(values, share) - centre);
      return { low: end((1 - level) / 2), high: end((1 + level) / 2) };
    },
  };
}

/** `count` of the rows, ascending, each as likely (Knuth's algorithm S). */
export function sampled(rows: number, count: number, random: Random): Int32Array {
  const taken = new Int32Array(count);
  let found = 0;
  for (let row = 0; found < count; row++) if (random.below(rows - row) < count - found) taken[found++] = row;
  return taken;
}

/** Of ascending values, with linear interpolation. */
function quantile(values: readonly number[], share: number): number {
  const at = share * (values.length - 1);
  const below = Math.floor(at);
  const low = values[below]!;
  return low + (at - below) * ((values[below + 1] ?? low) - low);
}
