import { found, leastGain, missingGoes } from './split.js';

/** Sums of a node's rows by class, packed as masses are; `one` 0: rows are not counted. */
export interface ClassNode {
  readonly masses: Float64Array;
  readonly one: number;
  readonly minRows: number;
}

/**
 * The best split of a node by one feature: the largest fall of Gini impurity, weighted by rows. It is sought as the rise of
 * sum of squares ÷ sum over the classes of both children, which is the same. What `into` gets is as with `findSplit`.
 * @param scratch for as many numbers as there are classes.
 */
export function findClassSplit(
  histogram: Float64Array,
  bins: number,
  node: ClassNode,
  into: Float64Array,
  scratch: Float64Array,
): void {
  into[found.gain] = 0;
  const classes = node.masses.length;
  let hasMissing = false;
  for (let at = bins * classes; at < (bins + 1) * classes; at++) if (histogram[at]! > 0) hasMissing = true;
  const sums = sumsOf(node);
  scratch.fill(0);
  const goes = hasMissing ? missingGoes.right : missingGoes.none;
  scan(histogram, hasMissing ? bins : bins - 1, goes, sums, node, into, scratch);
  if (!hasMissing) return;
  scratch.fill(0);
  for (let each = 0; each < classes; each++) scratch[each] = histogram[bins * classes + each]!;
  scan(histogram, bins - 1, missingGoes.left, sums, node, into, scratch);
}

interface NodeSums {
  readonly rows: number;
  readonly weight: number;
  readonly own: number;
}

function sumsOf({ masses, one }: ClassNode): NodeSums {
  let rows = 0;
  let weight = 0;
  let squares = 0;
  for (const mass of masses) {
    const count = one === 0 ? 0 : Math.floor(mass / one);
    const ofClass = mass - count * one;
    rows += count;
    weight += ofClass;
    squares += ofClass * ofClass;
  }
  return { rows, weight, own: squares / weight };
}

function scan(
  histogram: Float64Array,
  last: number,
  goes: number,
  sums: NodeSums,
  node: ClassNode,
  into: Float64Array,
  left: Float64Array,
): void {
  if (node.one === 0) scanWeights(histogram, last, goes, sums, node.masses, into, left);
  else scanCounted(histogram, last, goes, sums, node, into, left);
}

/** Where rows are not counted: masses are weights, and the sums of squares follow from bin to bin. */
function scanWeights(
  histogram: Float64Array,
  last: number,
  goes: number,
  node: NodeSums,
  masses: Float64Array,
  into: Float64Array,
  left: Float64Array,
): void {
  const classes = masses.length;
  let best = into[found.gain]!;
  let leftWeight = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  for (let each = 0; each < classes; each++) {
    const right = masses[each]! - left[each]!;
    leftWeight += left[each]!;
    leftSquares += left[each]! * left[each]!;
    rightSquares += right * right;
  }
  for (let bin = 0, at = 0; bin < last; bin++) {
    const before = leftWeight;
    for (let each = 0; each < classes; each++, at++) {
      const weight = histogram[at]!;
      if (weight === 0) continue;
      const its = left[each]!;
      leftWeight += weight;
      leftSquares += weight * (2 * its + weight);
      rightSquares -= weight * (2 * (masses[each]! - its) - weight);
      left[each] = its + weight;
    }
    if (leftWeight === before) continue;
    const rightWeight = node.weight - leftWeight;
    if (rightWeight <= 0) return;
    const score = leftSquares / leftWeight + rightSquares / rightWeight;
    const gain = score - node.own;
    if (gain > best && gain > score * leastGain) {
      best = gain;
      into[found.gain] = gain;
      into[found.bin] = bin;
      into[found.missing] = goes;
    }
  }
}

/** Where each side needs `minRows`. */
function scanCounted(
  histogram: Float64Array,
  last: number,
  goes: number,
  node: NodeSums,
  { masses, one, minRows }: ClassNode,
  into: Float64Array,
  left: Float64Array,
): void {
  const classes = masses.length;
  const perOne = 1 / one;
  let best = into[found.gain]!;
  for (let bin = 0; bin < last; bin++) {
    let ofBin = 0;
    for (let each = 0; each < classes; each++) {
      const mass = histogram[bin * classes + each]!;
      ofBin += mass;
      left[each]! += mass;
    }
    if (ofBin === 0) continue;
    let leftRows = 0;
    let leftWeight = 0;
    let leftSquares = 0;
    let rightSquares = 0;
    for (let each = 0; each < classes; each++) {
      const count = Math.floor(left[each]! * perOne);
      const weight = left[each]! - count * one;
      const other = masses[each]! - left[each]!;
      const right = other - Math.floor(other * perOne) * one;
      leftRows += count;
      leftWeight += weight;
      leftSquares += weight * weight;
      rightSquares += right * right;
    }
    if (node.rows - leftRows < minRows) return;
    if (leftRows < minRows) continue;
    const score = leftSquares / leftWeight + rightSquares / (node.weight - leftWeight);
    const gain = score - node.own;
    if (gain > best && gain > score * leastGain) {
      best = gain;
      into[found.gain] = gain;
      into[found.bin] = bin;
      into[found.missing] = goes;
    }
  }
}
