import type { FeatureStep } from '#libs/contracts/index.js';
import { present, quantile, single } from './adjustment.js';

type Strategy = Extract<FeatureStep, { type: 'bins' }>['strategy'];

/** Ascending edges between at most `bins` bins, none of which is empty of reach; none where all values are equal. */
export function binEdges(values: Float32Array, bins: number, strategy: Strategy): number[] {
  const sorted = present(values).sort();
  if (sorted.length === 0) return [];
  const [least, most] = [sorted[0]!, sorted[sorted.length - 1]!];
  const edges = new Set<number>();
  for (let edge = 1; edge < bins; edge++) {
    const share = edge / bins;
    const at = single(strategy === 'quantile' ? quantile(sorted, share) : least + (most - least) * share);
    if (at >= least && at < most) edges.add(at);
  }
  return [...edges].sort((a, b) => a - b);
}

/** In place: the number of edges below the value; a missing value stays so. */
export function toBins(values: Float32Array, edges: readonly number[]): void {
  const sorted = Float32Array.from(edges);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (!Number.isNaN(value)) values[row] = edgesBelow(sorted, value);
  }
}

function edgesBelow(edges: Float32Array, value: number): number {
  let [from, to] = [0, edges.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (edges[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
