import { populationMoments } from '../../scaled-moments.js';
import { rowsOf, type Matrix, type RowTable } from './rows.js';

/** How a column's cells become numbers, by the reference alone; plain JSON. */
export type ColumnEncoding = {
  readonly name: string;
  /** Of the encoded reference: population deviation, 1 where it is constant. */
  readonly mean: number;
  readonly scale: number;
} & (
  | { readonly kind: 'numeric'; readonly whenMissing: number }
  | { readonly kind: 'categorical'; readonly whenMissing: number; readonly shares: readonly number[] }
);

/**
 * Numbers as they are, categories by their share of the reference's rows, those that it has not by 0; missing ones by
 * the mean or by the most frequent category; then every column by its mean and standard deviation (NannyML’s
 * preparation).
 * @throws RangeError for a column without any value, or with one that is not finite.
 */
export function fitEncoding(reference: RowTable): ColumnEncoding[] {
  rowsOf(reference, 'reference');
  return Object.entries(reference).map(([name, column]): ColumnEncoding => {
    if (column.kind === 'numeric') {
      const present = column.values.filter((value) => !Number.isNaN(value));
      if (present.length === 0 || !present.every(Number.isFinite)) {
        throw new RangeError(`reference.${name}: expected finite values, at least one`);
      }
      const whenMissing = populationMoments(present).mean;
      const encoded = column.values.map((value) => (Number.isNaN(value) ? whenMissing : value));
      return { name, kind: 'numeric', whenMissing, ...scaleOf(encoded) };
    }
    const counts: number[] = [];
    for (const code of column.codes) if (code >= 0) counts[code] = (counts[code] ?? 0) + 1;
    const [whenMissing, most] = mostFrequent(counts);
    if (most === 0) throw new RangeError(`reference.${name}: expected at least one value`);
    const missing = column.codes.reduce((sum, code) => sum + (code < 0 ? 1 : 0), 0);
    counts[whenMissing]! += missing;
    const shares = Array.from(counts, (count: number | undefined) => (count ?? 0) / column.codes.length);
    const encoded = Float64Array.from(column.codes, (code) => shares[code < 0 ? whenMissing : code]!);
    return { name, kind: 'categorical', whenMissing, shares, ...scaleOf(encoded) };
  });
}

/**
 * @param side what errors call the table.
 * @throws RangeError where a column is missing, of the other kind, or has values that are not finite.
 */
export function encodeRows(encodings: readonly ColumnEncoding[], table: RowTable, side = 'window'): Matrix {
  const rows = rowsOf(table, side);
  const width = encodings.length;
  const values = new Float64Array(rows * width);
  encodings.forEach((encoding, place) => {
    const numberAt = cellsOf(encoding, table, side);
    for (let row = 0; row < rows; row++) {
      const value = (numberAt(row) - encoding.mean) / encoding.scale;
      if (!Number.isFinite(value)) throw new RangeError(`${side}.${encoding.name}: expected finite values`);
      values[row * width + place] = value;
    }
  });
  return { rows, width, values };
}

function cellsOf(encoding: ColumnEncoding, table: RowTable, side: string): (row: number) => number {
  const column = table[encoding.name];
  if (column?.kind === 'numeric' && encoding.kind === 'numeric') {
    const { values } = column;
    return (row) => (Number.isNaN(values[row]!) ? encoding.whenMissing : values[row]!);
  }
  if (column?.kind === 'categorical' && encoding.kind === 'categorical') {
    const { codes } = column;
    return (row) => encoding.shares[codes[row]! < 0 ? encoding.whenMissing : codes[row]!] ?? 0;
  }
  throw new RangeError(`${side}.${encoding.name}: expected a ${encoding.kind} column, got ${column?.kind ?? 'none'}`);
}

function scaleOf(values: Float64Array): { mean: number; scale: number } {
  const { mean, deviation } = populationMoments(values);
  // What rounding leaves of a constant is no deviation.
  const constant = deviation <= 10 * Number.EPSILON * Math.abs(mean);
  return { mean, scale: constant ? 1 : deviation };
}

function mostFrequent(counts: readonly (number | undefined)[]): [code: number, count: number] {
  let [code, most] = [0, 0];
  for (const [candidate, count] of counts.entries()) if ((count ?? 0) > most) [code, most] = [candidate, count!];
  return [code, most];
}
