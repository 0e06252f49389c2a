import type { Grid } from './sums.js';

/** What a split must keep to. */
export interface SplitRules {
  readonly minRows: number;
  /** Added to the sum of hessians. */
  readonly l2: number;
}

/** Seeks a split of bins [0, last), with what is left of them, that gains more than what is found. */
export type Scan = (
  histogram: Float64Array,
  at: number,
  last: number,
  startGradient: number,
  startMass: number,
  goes: number,
  gradient: number,
  mass: number,
  grid: Grid,
  rules: SplitRules,
  into: Float64Array,
  to: number,
) => void;

/** A child with less is not a child: its value would be a division by nothing. As LightGBM and scikit-learn. */
export const leastHessian = 1e-3;

/** Of the node's score; a smaller gain is the rounding of its parts. */
export const leastGain = 1e-12;

/** Where a found split stands: its numbers, in this order. */
export const found = { gain: 0, bin: 1, missing: 2, leftGradient: 3, leftMass: 4 } as const;
/** Where rows without a value go; `none`: the node has no such row. */
export const missingGoes = { right: 0, left: 1, none: 2 } as const;
export const numbersOfFound = 5;

/**
 * The best split of a node by one feature: rows of the bins 0 to `bin` go left, those without a value where the gain is
 * larger. The gain is G²/(H + l2) of both children without the node's own (Chen and Guestrin 2016, equation 7). Of
 * equal splits the first.
 * @param bins of values; the bin behind them is of missing ones.
 * @param into from `to` on: the split found; a gain of 0 says that there is none.
 */
export function findSplit(
  scan: Scan,
  histogram: Float64Array,
  at: number,
  bins: number,
  gradient: number,
  mass: number,
  grid: Grid,
  rules: SplitRules,
  into: Float64Array,
  to: number,
): void {
  into[to] = 0;
  const missing = at + 2 * bins;
  const missingMass = histogram[missing + 1]!;
  // Without missing rows a split behind the last bin would leave the right child empty.
  const last = missingMass > 0 ? bins : bins - 1;
  const goes = missingMass > 0 ? missingGoes.right : missingGoes.none;
  scan(histogram, at, last, 0, 0, goes, gradient, mass, grid, rules, into, to);
  if (missingMass === 0) return;
  const { left } = missingGoes;
  scan(histogram, at, bins - 1, histogram[missing]!, missingMass, left, gradient, mass, grid, rules, into, to);
}

/** As `scan` of kernels.wat. */
export function scanBins(
  histogram: Float64Array,
  at: number,
  last: number,
  startGradient: number,
  startMass: number,
  goes: number,
  gradient: number,
  mass: number,
  { one, gradientScale, hessianScale }: Grid,
  { minRows, l2 }: SplitRules,
  into: Float64Array,
  to: number,
): void {
  const perOne = 1 / one;
  const penalty = l2 * hessianScale;
  const least = leastHessian * hessianScale;
  const rows = Math.floor(mass * perOne);
  const hessian = mass - rows * one;
  const own = (gradient * gradient) / (hessian + penalty);
  // From the units of the grid.
  const unit = hessianScale / (gradientScale * gradientScale);
  let best = into[to]! / unit;
  let leftGradient = startGradient;
  let leftMass = startMass;
  for (let bin = 0; bin < last; bin++) {
    const place = at + 2 * bin;
    const ofBin = histogram[place + 1]!;
    if (ofBin === 0) continue;
    leftGradient += histogram[place]!;
    leftMass += ofBin;
    const leftRows = Math.floor(leftMass * perOne);
    if (leftRows < minRows) continue;
    if (rows - leftRows < minRows) return;
    const leftHessian = leftMass - leftRows * one;
    const rightHessian = hessian - leftHessian;
    if (leftHessian < least) continue;
    if (rightHessian < least) return;
    const rightGradient = gradient - leftGradient;
    const score =
      (leftGradient * leftGradient) / (leftHessian + penalty) +
      (rightGradient * rightGradient) / (rightHessian + penalty);
    const gain = score - own;
    if (gain > best && gain > score * leastGain) {
      best = gain;
      into[to + found.gain] = gain * unit;
      into[to + found.bin] = bin;
      into[to + found.missing] = goes;
      into[to + found.leftGradient] = leftGradient;
      into[to + found.leftMass] = leftMass;
    }
  }
}
