import { Refused } from '../refusal.js';
import type { CellSink } from './cell-sink.js';
import { longestValue } from './limits.js';

/**
 * Tells a value that a binary format gave: numbers, integers of 64 bits (rounded to float64 beyond 2^53), booleans, instants
 * as Date, text; null and undefined are missing.
 * @param row from 1.
 * @throws Refused for any other value.
 */
export function tellValue(sink: CellSink, value: unknown, name: string, row: number): void {
  switch (typeof value) {
    case 'number':
      sink.number(value);
      return;
    case 'bigint':
      sink.number(Number(value));
      return;
    case 'boolean':
      sink.boolean(value);
      return;
    case 'string':
      if (value.length > longestValue)
        throw new Refused('too_large', `row ${row}, column '${name}'`, `a value of more than ${longestValue} bytes`);
      sink.string(value);
      return;
    case 'undefined':
      sink.missing(1);
      return;
    default:
      if (value === null) sink.missing(1);
      else if (value instanceof Date) tellInstant(sink, value.getTime(), name, row);
      else
        throw new Refused(
          'unsupported',
          `row ${row}, column '${name}'`,
          'neither a number, a text, an instant, true nor false',
        );
  }
}

function tellInstant(sink: CellSink, value: number, name: string, row: number): void {
  if (Number.isNaN(value))
    throw new Refused('unsupported', `row ${row}, column '${name}'`, 'an instant beyond the years ±270,000');
  sink.timestamp(value);
}
