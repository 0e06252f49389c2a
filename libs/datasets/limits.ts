import { Refused } from './refusal.js';

/** What is read at most: everything is held in memory at once. */
export interface Limits {
  readonly bytes: number;
  /** Without the header. */
  readonly rows: number;
  readonly columns: number;
  /** Rows times columns: what memory goes by, as a cell takes about 40 bytes however short its text. */
  readonly cells: number;
}

export const defaultLimits: Limits = { bytes: 32 * 1024 * 1024, rows: 1_000_000, columns: 10_000, cells: 5_000_000 };

/** @throws Refused `too_large`. */
export function refuseTooMany(what: 'bytes' | 'rows' | 'columns', found: number, limits: Limits): void {
  if (found > limits[what])
    throw new Refused('too_large', null, `more than ${limits[what]} ${what}, the most read here`);
}

/** @throws Refused `too_large`. */
export function refuseTooManyCells(rows: number, columns: number, { cells }: Limits): void {
  if (rows * columns <= cells) return;
  throw new Refused('too_large', null, `${rows} rows of ${columns} columns, expected at most ${cells} cells`);
}
