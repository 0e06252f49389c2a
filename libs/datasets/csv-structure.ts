import { refuseTooMany, refuseTooManyCells, type Limits } from './limits.js';
import { Refused } from './refusal.js';

const [quote, comma, lf, cr] = ['"', ',', '\n', '\r'].map((character) => character.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];

/**
 * Refuses what arquero's reader would take and lose: rows with fewer or more values than the header, text behind a
 * closing quote, a quote that never closes. Nothing is allocated, so limits hold before memory is taken.
 * @param text ends with a line end.
 * @throws Refused
 */
export function checkCsv(text: string, limits: Limits): void {
  if (text.length === 1) throw new Refused('malformed', null, 'there is no header, expected one in line 1');
  const position: Position = { at: 0, line: 1 };
  const columns = valuesOfRow(text, position);
  if (columns === 1) refuseOtherSeparator(text.slice(0, position.at).trimEnd());
  refuseTooMany('columns', columns, limits);
  for (let rows = 1; position.at < text.length; rows++) {
    refuseTooMany('rows', rows, limits);
    refuseTooManyCells(rows, columns, limits);
    const { line } = position;
    const values = valuesOfRow(text, position);
    if (values === columns) continue;
    const held = values === 1 ? '1 value' : `${values} values`;
    throw new Refused('malformed', `line ${line}`, `${held}, expected ${columns} as in the header`);
  }
}

interface Position {
  at: number;
  /** From 1; quoted values may hold lines. */
  line: number;
}

/** Moves behind the row that begins here. */
function valuesOfRow(text: string, position: Position): number {
  for (let values = 1; ; values++) {
    if (text.charCodeAt(position.at) === quote) skipQuoted(text, position);
    else skipPlain(text, position);
    const end = text.charCodeAt(position.at++);
    if (end === comma) continue;
    if (end === cr && text.charCodeAt(position.at) === lf) position.at++;
    position.line++;
    return values;
  }
}

function skipPlain(text: string, position: Position): void {
  for (; ; position.at++) {
    const code = text.charCodeAt(position.at);
    if (code === comma || code === lf || code === cr) return;
  }
}

function skipQuoted(text: string, position: Position): void {
  const opened = position.line;
  for (;;) {
    const code = text.charCodeAt(++position.at);
    if (Number.isNaN(code)) throw new Refused('malformed', `line ${opened}`, 'a quote opens here and never closes');
    if (code === lf || (code === cr && text.charCodeAt(position.at + 1) !== lf)) position.line++;
    if (code !== quote) continue;
    const next = text.charCodeAt(++position.at);
    if (next === quote) continue;
    if (next === comma || next === lf || next === cr) return;
    throw new Refused('malformed', `line ${position.line}`, 'expected a comma or the end of the line behind a quote');
  }
}

function refuseOtherSeparator(header: string): void {
  const other = [';', '\t', '|'].find((separator) => header.includes(separator));
  if (other === undefined || header.startsWith('"')) return;
  const shown = JSON.stringify(other);
  throw new Refused('malformed', 'line 1', `one column with ${shown} in its name, expected values separated by commas`);
}
