import { fromCSV, type ColumnTable } from 'arquero';
import { checkNames } from './column-names.js';
import { checkCsv } from './csv-structure.js';
import type { Limits } from './limits.js';
import { textOf } from './text.js';

/**
 * RFC 4180 with a header: commas, and `"` around values that hold commas, quotes or line ends. Lines end with LF, CRLF or
 * CR; blank lines at the end are nothing. Every cell stays text; an empty one is null.
 * @throws Refused
 */
export function readCsv(bytes: Uint8Array, limits: Limits): ColumnTable {
  const text = textOf(bytes);
  // arquero leaves the quotes on a last value that no line end follows.
  const lines = `${text.slice(0, endOf(text))}\n`;
  checkCsv(lines, limits);
  // Without an object of its own, arquero takes `Object` for the parser of a column named `constructor`.
  const parse = Object.create(null) as Record<string, never>;
  const table = fromCSV(lines, { autoType: false, parse });
  checkNames(table.columnNames(), limits, 'line 1');
  return table;
}

function endOf(text: string): number {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--;
  return end;
}
