import { Random } from '../random.js';

export interface PermutationOptions {
  readonly columns: readonly string[];
  readonly rows: number;
  /** Of the rows as they are. Larger is better. */
  readonly score: number;
  /**
   * The score where `column` has in row r what it has in row order[r], all else as it is. The order is used again after
   * the promise settles.
   */
  readonly scoreShuffled: (column: string, order: Int32Array) => Promise<number>;
  readonly seed: number;
  /** Default 5. */
  readonly repeats?: number;
}

export interface Importance {
  /** By how much the score falls. */
  readonly mean: number;
  /** Of the repeats (n − 1); 0 of a single one. */
  readonly sd: number;
}

/**
 * What a raw column is worth to a model: the fall of its score when the column is shuffled (Breiman 2001; Fisher, Rudin and
 * Dominici 2019). The orders depend on the seed, the column's place and the repeat alone. Columns are scored one after
 * another.
 */
export async function permutationImportance({
  columns,
  rows,
  score,
  scoreShuffled,
  seed,
  repeats = 5,
}: PermutationOptions): Promise<Record<string, Importance>> {
  const importances: [string, Importance][] = [];
  const order = new Int32Array(rows);
  for (const [place, column] of columns.entries()) {
    const falls: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (let row = 0; row < rows; row++) order[row] = row;
      new Random(seed, 0x7065726d, place, repeat).shuffle(order);
      falls.push(score - (await scoreShuffled(column, order)));
    }
    importances.push([column, spreadOf(falls)]);
  }
  return Object.fromEntries(importances);
}

function spreadOf(values: readonly number[]): Importance {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}
