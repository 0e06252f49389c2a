import { encodePredictionId, epochCheck } from '#libs/contracts/index.js';

/** Names the rows of one recorded chunk. */
export type RowIds = (row: number) => string;

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
  return (seq) => {
    const head = encodePredictionId({ seq, row: 0, check }).slice(0, half);
    return (row) => head + (row < keptTails ? (tails[row] ??= tailOf(row)) : tailOf(row));
  };
}

/** Ids of rows that are answered before their chunk is stored: resolved through the projection's row per chunk. */
export const unacknowledgedIds =
  (epoch: string, counter: number): RowIds =>
  (row) =>
    `u.${epoch}.${counter}.${row}`;
