import { encodePredictionId, epochCheck } from '#libs/contracts/index.js';

/** Names the rows of one recorded chunk, in ASCII: `head`, which they have in common, and the row's own `tail`. */
export interface RowIds {
  readonly head: string;
  readonly tail: (row: number) => string;
}

export const rowId = ({ head, tail }: RowIds, row: number): string => head + tail(row);

const idLength = 16;
const keptTails = 4096;

/**
 * Ids of the rows of stored chunks, for one epoch. The first eight characters hold the sequence alone, the others row
 * and check value alone (48 bits each): both halves are encoded once and put together.
 */
export function predictionIds(epoch: string): (seq: number) => RowIds {
  const check = epochCheck(epoch);
  const half = idLength / 2;
  const tails: string[] = [];
  const tailOf = (row: number): string => encodePredictionId({ seq: 1, row, check }).slice(half);
  const tail = (row: number): string => (row < keptTails ? (tails[row] ??= tailOf(row)) : tailOf(row));
  return (seq) => ({ head: encodePredictionId({ seq, row: 0, check }).slice(0, half), tail });
}

/** Ids of rows that are answered before their chunk is stored: resolved through the projection's row per chunk. */
export const unacknowledgedIds = (epoch: string, counter: number): RowIds => ({
  head: `u.${epoch}.${counter}.`,
  tail: String,
});
