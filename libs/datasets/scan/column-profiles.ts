import type { ColumnProfile, ColumnType } from '#libs/contracts/index.js';
import type { Counted } from './counted.js';
import type { NumberFigures } from './number-scan.js';

/** Bins of the histogram of a column. */
export const histogramBins = 50;

/** Rows of a column, missing ones included, and how many of them are missing. */
export interface ColumnRows {
  readonly name: string;
  readonly count: number;
  readonly missing: number;
}

export function numberProfile(rows: ColumnRows, type: ColumnType, figures: NumberFigures): ColumnProfile {
  const { numeric, histogram, exact } = figures;
  const { distinct, top } = figures.counted;
  return { ...ofRows(rows, type), distinct, exact, numeric, top, histogram };
}

export function textProfile(
  rows: ColumnRows,
  type: 'category' | 'text',
  { distinct, exact, top }: Counted,
): ColumnProfile {
  return { ...ofRows(rows, type), distinct, exact, numeric: null, top, histogram: null };
}

/** Booleans are categories: no numbers, no histogram. */
export function booleanProfile(rows: ColumnRows, trues: number): ColumnProfile {
  const top = [
    { value: 'false', count: rows.count - rows.missing - trues },
    { value: 'true', count: trues },
  ].filter(({ count }) => count > 0);
  top.sort((a, b) => b.count - a.count);
  return { ...ofRows(rows, 'boolean'), distinct: top.length, exact: true, numeric: null, top, histogram: null };
}

/** A column without a single value. */
export const emptyProfile = (rows: ColumnRows, type: ColumnType): ColumnProfile => ({
  ...ofRows(rows, type),
  ...{ distinct: 0, exact: true, numeric: null, top: [], histogram: null },
});

const ofRows = ({ name, count, missing }: ColumnRows, type: ColumnType) => ({ name, type, count, missing });

/** As the most frequent instants are told. */
export const instant = (value: number): string => new Date(value).toISOString();
