import { Refused } from './refusal.js';

/** The values of a column that are there: numbers when all of them are, else text. */
export type Column = {
  readonly name: string;
  readonly rows: number;
  readonly missing: number;
} & (
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'text'; readonly values: readonly string[] }
);

/** Squares and differences of larger numbers leave the range of float64. */
const largest = 1e300;

/**
 * Decides what a column holds. Missing is what is empty, null or NaN. A text counts as a number only where a format knows
 * nothing but text (`parse`). Integers beyond 2^53 are rounded to float64.
 * @throws Refused for values that are neither numbers nor text, and for numbers that are infinite or beyond ±1e300.
 */
export function columnOf(name: string, cells: Iterable<unknown>, parse: boolean): Column {
  const values: (number | string)[] = [];
  let rows = 0;
  let numeric = true;
  let beyond: number | undefined;
  for (const cell of cells) {
    rows++;
    const value = valueOf(cell, parse, () => `row ${rows}, column '${name}'`);
    if (value === undefined) continue;
    values.push(value);
    if (typeof value === 'string' && !(parse && isNumber(value))) numeric = false;
    else if (Math.abs(numberOf(value)) > largest) beyond ??= rows;
  }
  const counts = { name, rows, missing: rows - values.length };
  if (!numeric || values.length === 0) return { ...counts, kind: 'text', values: values.map(String) };
  if (beyond !== undefined) {
    throw new Refused('unsupported', `row ${beyond}, column '${name}'`, `a number beyond ±${largest}`);
  }
  // Adding 0 makes −0 the 0 that it equals.
  return { ...counts, kind: 'numbers', values: Float64Array.from(values, (value) => numberOf(value) + 0) };
}

function valueOf(cell: unknown, parse: boolean, where: () => string): number | string | undefined {
  switch (typeof cell) {
    case 'number':
      return Number.isNaN(cell) ? undefined : cell;
    case 'boolean':
      return String(cell);
    case 'string':
      return cell === '' || (parse && isMissing(cell)) ? undefined : cell;
    default:
      if (cell === null) return undefined;
      throw new Refused('unsupported', where(), 'neither a number, a text, true nor false');
  }
}

const isMissing = (text: string): boolean => /^(?:nan|null)?$/i.test(text.trim());

/** A decimal number, or an infinity as programs write it, which is refused rather than taken for a word. */
const isNumber = (text: string): boolean =>
  /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?)$/i.test(text.trim());

const numberOf = (value: number | string): number => {
  if (typeof value === 'number') return value;
  const trimmed = value.trim();
  if (!/inf/i.test(trimmed)) return Number(trimmed);
  return trimmed.startsWith('-') ? -Infinity : Infinity;
};
