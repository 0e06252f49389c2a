import { assertNever } from '#libs/kernel/index.js';
import type { FeatureStep } from '#libs/contracts/index.js';
import { Refused } from '../refusal.js';
import type { Adjustment } from './fitted.js';

type NumericFeature = Extract<FeatureStep, { type: 'numeric' }>;
type Impute = NumericFeature['impute'];
type Scale = NumericFeature['scale'];

/**
 * What to fill missing values with, take off and multiply by. Means and spreads are of the filled column, as when one
 * step follows the other; without a filling, of the values that are there. A column without any value is filled with 0.
 * @throws Refused for a constant beyond float32.
 */
export function fitAdjustment(columns: readonly Float32Array[], impute: Impute, scale: Scale): Adjustment {
  const fill = impute === 'none' ? null : columns.map((column) => single(fillOf(present(column), impute)));
  if (scale === 'none') return { fill, shift: null, factor: null };
  const scales = columns.map((column, at) =>
    scaleOf(fill === null ? present(column) : filled(column, fill[at]!), scale),
  );
  return {
    fill,
    shift: scales.map(({ centre }) => single(centre)),
    // A column of equal values is only shifted.
    factor: scales.map(({ spread }) => (spread === 0 ? 1 : single(Math.min(1 / spread, largestFloat32)))),
  };
}

/** In place: each operation rounds to float32, as the graph's do. @param at the column's place in the adjustment. */
export function adjust(values: Float32Array, at: number, { fill, shift, factor }: Adjustment): void {
  if (fill !== null) {
    const constant = fill[at]!;
    for (let row = 0; row < values.length; row++) if (Number.isNaN(values[row]!)) values[row] = constant;
  }
  if (shift !== null) {
    const constant = shift[at]!;
    for (let row = 0; row < values.length; row++) values[row]! -= constant;
  }
  if (factor !== null) {
    const constant = factor[at]!;
    for (let row = 0; row < values.length; row++) values[row]! *= constant;
  }
}

/**
 * Linear interpolation between order statistics: type 7 of Hyndman and Fan (1996), the default of R and NumPy.
 * @param sorted at least one. @param share 0 to 1.
 */
export function quantile(sorted: Float32Array, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const [from, to] = [sorted[below]!, sorted[Math.ceil(position)]!];
  return from + (to - from) * (position - below);
}

/** A copy of the values that are there. */
export function present(values: Float32Array): Float32Array {
  const kept = new Float32Array(values.length);
  let count = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (!Number.isNaN(value)) kept[count++] = value;
  }
  return kept.subarray(0, count);
}

/** Adding 0 makes −0 the 0 that it equals: JSON has no other. */
export const single = (value: number): number => Math.fround(value) + 0;

const largestFloat32 = 3.4028234663852886e38;

function filled(values: Float32Array, fill: number): Float32Array {
  const copy = values.slice();
  adjust(copy, 0, { fill: [fill], shift: null, factor: null });
  return copy;
}

function fillOf(values: Float32Array, impute: Exclude<Impute, 'none'>): number {
  if (typeof impute === 'object') {
    if (Number.isFinite(Math.fround(impute.constant))) return impute.constant;
    throw new Refused('unfit', null, `impute: ${impute.constant}, expected a number within float32`);
  }
  if (values.length === 0) return 0;
  switch (impute) {
    case 'mean':
      return meanOf(values);
    case 'median':
      return quantile(values.sort(), 0.5);
    case 'most_frequent':
      return mostFrequent(values.sort());
    default:
      return assertNever(impute, 'impute');
  }
}

/** The smallest of those that come most often. @param sorted at least one. */
function mostFrequent(sorted: Float32Array): number {
  let best = sorted[0]!;
  let longest = 0;
  let start = 0;
  for (let at = 0; at < sorted.length; at++) {
    const value = sorted[at]!;
    if (value !== sorted[start]) start = at;
    if (at - start + 1 > longest) {
      longest = at - start + 1;
      best = value;
    }
  }
  return best;
}

/** @param values without missing ones; sorted in place where quantiles are asked for. */
function scaleOf(values: Float32Array, scale: Exclude<Scale, 'none'>): { centre: number; spread: number } {
  if (values.length === 0) return { centre: 0, spread: 0 };
  const { least, most } = rangeOf(values);
  // Their mean may differ from equal values by its rounding, which must not count as their spread.
  if (least === most) return { centre: least, spread: 0 };
  switch (scale) {
    case 'standard':
      return standard(values);
    case 'min_max':
      return { centre: least, spread: most - least };
    case 'robust': {
      const sorted = values.sort();
      return { centre: quantile(sorted, 0.5), spread: quantile(sorted, 0.75) - quantile(sorted, 0.25) };
    }
    default:
      return assertNever(scale, 'scale');
  }
}

function rangeOf(values: Float32Array): { least: number; most: number } {
  let [least, most] = [values[0]!, values[0]!];
  for (let row = 1; row < values.length; row++) {
    const value = values[row]!;
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  return { least, most };
}

/** The deviation is that of the rows as they are, not of a population they are a sample of. */
function standard(values: Float32Array): { centre: number; spread: number } {
  const centre = meanOf(values);
  let squares = 0;
  for (let row = 0; row < values.length; row++) squares += (values[row]! - centre) ** 2;
  return { centre, spread: Math.sqrt(squares / values.length) };
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (let row = 0; row < values.length; row++) sum += values[row]!;
  return sum / values.length;
}
