import { blockRows } from './column-data.js';

/**
 * Where a block of rows of one column is worked on: everything here is overwritten by the next block, and nothing is
 * allocated for it.
 */
export interface Block {
  /** As they came, NaN where missing; of categories, their bins. What a reservoir keeps. */
  readonly rows: Float64Array;
  /** The finite ones of `rows`, without −0. */
  readonly values: Float64Array;
  /** The memory of `values`. */
  readonly words: Uint32Array;
  readonly texts: string[];
}

const values = new Float64Array(blockRows);

export const block: Block = {
  rows: new Float64Array(blockRows),
  values,
  words: new Uint32Array(values.buffer),
  texts: new Array<string>(blockRows).fill(''),
};
