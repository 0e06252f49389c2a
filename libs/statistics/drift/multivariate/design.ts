import { populationMoments } from '../../scaled-moments.js';
import type { SampledRows } from '../../summary/rows.js';
import type { Matrix, RowTable } from './rows.js';

/** Categories of a column that have a column of their own: the most frequent of both sides. */
const mostCategories = 20;

/**
 * Rows of both tables, the reference's first, as a classifier reads them. Of a numeric column: its values in standard
 * deviations of both sides, the squares of those, and whether it is missing (then the values are the mean). Of a
 * categorical one: one column for each of its 20 most frequent categories, missing being one. Columns that are constant
 * are left out.
 * @throws RangeError for tables of different columns and values that are not finite.
 */
export function designOf(
  reference: RowTable,
  ofReference: Uint32Array,
  window: RowTable,
  ofWindow: Uint32Array,
): Matrix {
  for (const name of Object.keys(window)) {
    if (!Object.hasOwn(reference, name)) throw new RangeError(`window.${name}: expected a column of the reference`);
  }
  const rows = ofReference.length + ofWindow.length;
  const columns = Object.entries(reference).flatMap(([name, column]) => {
    const other = Object.hasOwn(window, name) ? window[name]! : null;
    if (column.kind !== other?.kind) {
      throw new RangeError(`window.${name}: expected a ${column.kind} column, got ${other?.kind ?? 'none'}`);
    }
    const cells = new Float64Array(rows);
    cells.set(cellsOf(column, ofReference));
    cells.set(cellsOf(other, ofWindow), ofReference.length);
    return column.kind === 'numeric' ? numericParts(name, cells) : categoryParts(cells);
  });
  const kept = columns.filter((cells) => cells.some((value) => value !== cells[0]));
  const width = kept.length;
  const values = new Float64Array(rows * width);
  kept.forEach((cells, place) => {
    for (let row = 0; row < rows; row++) values[row * width + place] = cells[row]!;
  });
  return { rows, width, values };
}

const cellsOf = (column: SampledRows, rows: Uint32Array): Float64Array =>
  Float64Array.from(rows, (row) => (column.kind === 'numeric' ? column.values[row]! : column.codes[row]!));

function numericParts(name: string, cells: Float64Array): Float64Array[] {
  const present = cells.filter((value) => !Number.isNaN(value));
  if (!present.every(Number.isFinite)) throw new RangeError(`${name}: expected finite values`);
  const missing = cells.map((value) => (Number.isNaN(value) ? 1 : 0));
  const scaled = standardised(present.length === 0 ? cells.map(() => 0) : filled(cells, present));
  const squares = standardised(scaled.map((value) => value * value));
  return [scaled, squares, missing];
}

function filled(cells: Float64Array, present: Float64Array): Float64Array {
  const { mean } = populationMoments(present);
  return cells.map((value) => (Number.isNaN(value) ? mean : value));
}

function standardised(cells: Float64Array): Float64Array {
  const { mean, deviation } = populationMoments(cells);
  return deviation > 10 * Number.EPSILON * Math.abs(mean)
    ? cells.map((value) => value / deviation - mean / deviation)
    : cells.map(() => 0);
}

function categoryParts(codes: Float64Array): Float64Array[] {
  const counts = new Map<number, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const frequent = [...counts].sort(([a, ofA], [b, ofB]) => ofB - ofA || a - b).slice(0, mostCategories);
  return frequent.map(([category]) => codes.map((code) => (code === category ? 1 : 0)));
}
