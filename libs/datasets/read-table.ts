import { assertNever } from '#libs/kernel/index.js';
import type { ColumnTable } from 'arquero';
import { readCsv } from './csv.js';
import { readJson, readJsonLines } from './json.js';
import { refuseTooMany, type Limits } from './limits.js';
import { Refused } from './refusal.js';

export const dataFormats = ['csv', 'jsonl', 'json'] as const;
export type DataFormat = (typeof dataFormats)[number];

/**
 * The bytes as a table. Cells of CSV are text or null; of JSON, what it holds.
 * @throws Refused
 */
export function readTable(bytes: Uint8Array, format: string, limits: Limits): ColumnTable {
  refuseTooMany('bytes', bytes.length, limits);
  const known = dataFormats.find((one) => one === format);
  switch (known) {
    case 'csv':
      return readCsv(bytes, limits);
    case 'jsonl':
      return readJsonLines(bytes, limits);
    case 'json':
      return readJson(bytes, limits);
    case undefined:
      throw new Refused('unsupported', null, `format '${format}', expected ${dataFormats.join(', ')}`);
    default:
      return assertNever(known, 'data format');
  }
}
