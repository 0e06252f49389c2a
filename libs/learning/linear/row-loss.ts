import { blockRows } from '../row-blocks.js';

/**
 * A loss of rows. `ofBlock` takes margins [outputs × blockRows] of the rows from `from`, leaves in their place what the
 * loss changes by with each margin, and tells the block's sum.
 */
export interface RowLoss {
  readonly outputs: number;
  ofBlock(margins: Float64Array, from: number, to: number): number;
}

/** Two classes, one margin: −ln of the share σ(margin) or σ(−margin). */
export function binaryLoss(target: Float64Array, weights: Float64Array | undefined): RowLoss {
  return {
    outputs: 1,
    ofBlock(margins, from, to) {
      let sum = 0;
      for (let row = from; row < to; row++) {
        const margin = margins[row - from]!;
        const positive = target[row]!;
        const weight = weights?.[row] ?? 1;
        // Of e^(−|margin|) alone, which cannot overflow.
        const small = Math.exp(-Math.abs(margin));
        const probability = (margin >= 0 ? 1 : small) / (1 + small);
        sum += weight * (Math.log1p(small) + Math.max(margin, 0) - positive * margin);
        margins[row - from] = weight * (probability - positive);
      }
      return sum;
    },
  };
}

/** Softmax over one margin for each class. */
export function softmaxLoss(target: Float64Array, classes: number, weights: Float64Array | undefined): RowLoss {
  return {
    outputs: classes,
    ofBlock(margins, from, to) {
      let sum = 0;
      for (let row = from; row < to; row++) {
        const at = row - from;
        const weight = weights?.[row] ?? 1;
        let highest = -Infinity;
        for (let c = 0; c < classes; c++) highest = Math.max(highest, margins[c * blockRows + at]!);
        const own = margins[target[row]! * blockRows + at]!;
        let total = 0;
        for (let c = 0; c < classes; c++) {
          const power = Math.exp(margins[c * blockRows + at]! - highest);
          margins[c * blockRows + at] = power;
          total += power;
        }
        for (let c = 0; c < classes; c++) margins[c * blockRows + at]! *= weight / total;
        margins[target[row]! * blockRows + at]! -= weight;
        sum += weight * (Math.log(total) + highest - own);
      }
      return sum;
    },
  };
}

/** Half the squared error. */
export function squaredLoss(target: Float64Array, weights: Float64Array | undefined): RowLoss {
  return {
    outputs: 1,
    ofBlock(margins, from, to) {
      let sum = 0;
      for (let row = from; row < to; row++) {
        const error = margins[row - from]! - target[row]!;
        const weight = weights?.[row] ?? 1;
        sum += 0.5 * weight * error * error;
        margins[row - from] = weight * error;
      }
      return sum;
    },
  };
}
