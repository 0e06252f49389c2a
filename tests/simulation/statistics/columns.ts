import type { Random } from '#libs/learning/index.js';
import type { ColumnSample, ComparedColumn, ReferenceColumn } from '#libs/statistics/index.js';
import { drawBytes } from './drawn-distance.js';

/** A column whose windows can be drawn again and again against one reference. */
export interface SimulatedColumn {
  readonly reference: ReferenceColumn;
  /** @param drifted half a standard deviation of a normal column, or a fifth of a categorical one's rows. */
  window(rows: number, drifted: boolean): ColumnSample;
}

export const compared = (columns: readonly SimulatedColumn[], rows: number, drifted: number): ComparedColumn[] =>
  columns.map((column, place) => ({ reference: column.reference, window: column.window(rows, place < drifted) }));

export function normalColumn(name: string, rows: number, random: Random): SimulatedColumn {
  const sampleOf = (count: number, mean: number): ColumnSample => {
    const values = Float64Array.from({ length: count }, () => mean + random.normal()).sort();
    return sample(count, new Float64Array(1).fill(count), values, count);
  };
  const reference = { name, bins: { kind: 'numeric', edges: new Float64Array() }, ...sampleOf(rows, 0) } as const;
  return { reference, window: (count, drifted) => sampleOf(count, drifted ? 0.5 : 0) };
}

/** 2 to 50 categories whose shares fall as 1 / rank, 1 / √rank or not at all, the smallest one is 1 / 256. */
export function categoricalColumn(name: string, rows: number, random: Random): SimulatedColumn {
  const categories = 2 + random.below(49);
  const power = random.below(3) / 2;
  const usual = categoryOfByte(Float64Array.from({ length: categories }, (_, rank) => (rank + 1) ** -power));
  // Every fifth byte answers the last category instead.
  const moved = usual.map((category, byte) => (byte % 5 === 0 ? categories - 1 : category));
  const bytes = new Uint16Array(256);
  const sampleOf = (count: number, categoryOf: Uint8Array): ColumnSample => {
    drawBytes(random, count, bytes);
    const counts = new Float64Array(categories + 1);
    for (let byte = 0; byte < 256; byte++) counts[categoryOf[byte]!]! += bytes[byte]!;
    return sample(count, counts, new Float64Array(), categories);
  };
  const bins = {
    kind: 'categorical',
    categories: Array.from({ length: categories }, (_, rank) => `c${rank}`),
  } as const;
  const reference = { name, bins, ...sampleOf(rows, usual) };
  return { reference, window: (count, drifted) => sampleOf(count, drifted ? moved : usual) };
}

/** As near to the weights as 256 bytes can be, with at least one each. */
function categoryOfByte(weights: Float64Array): Uint8Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const free = 256 - weights.length;
  const categoryOf = new Uint8Array(256);
  let [byte, end] = [0, 0];
  for (let category = 0; category < weights.length; category++) {
    end += (weights[category]! / total) * free;
    while (byte < Math.round(end) + category + 1) categoryOf[byte++] = category;
  }
  return categoryOf;
}

function sample(rows: number, counts: Float64Array, values: Float64Array, distinct: number): ColumnSample {
  return { rows, missing: 0, counts, values, sampled: false, mean: null, sd: null, distinct };
}
