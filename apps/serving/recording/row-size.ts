import type { ColumnSpec } from '#libs/contracts/index.js';
import type { Column } from '#libs/inference/index.js';
import type { Traits } from '../http/request-shape.js';

/** Bytes of a row that hold no text, or null where a column holds text. */
export function fixedRowBytes(columns: readonly ColumnSpec[]): number | null {
  let bytes = 0;
  for (const { type, width } of columns) {
    if (type === 'string') return null;
    bytes += width * elementBytes[type];
  }
  return bytes;
}

/** Bytes of a row whose texts are all empty. */
export function leastRowBytes(columns: readonly ColumnSpec[]): number {
  let bytes = 0;
  for (const { type, width } of columns) bytes += width * (type === 'string' ? emptyTextBytes : elementBytes[type]);
  return bytes;
}

/** What the columns of a chunk take beside their values, at most: padding, and the first offset of texts (libs/contracts, chunk). */
export const paddingBytes = (columns: readonly ColumnSpec[]): number =>
  columns.reduce((sum, { type }) => sum + (type === 'string' ? 4 + 2 * mostPadding : mostPadding), 0);

const mostPadding = 7;
const emptyTextBytes = 4;
const elementBytes = { float32: 4, float64: 8, int64: 8, int32: 4, int16: 2, int8: 1, uint8: 1, bool: 1 } as const;

/** What a row takes in these columns. */
export function rowBytes(columns: readonly Column[], row: number): number {
  let bytes = 0;
  for (const { type, width, data } of columns) {
    if (type !== 'string') bytes += width * elementBytes[type];
    else for (let at = row * width; at < (row + 1) * width; at++) bytes += textBytes(data[at] as string);
  }
  return bytes;
}

export const textBytes = (text: string): number => emptyTextBytes + Buffer.byteLength(text, 'utf8');

export function traitBytes({ requestId, subjectId, routingKey }: Traits): number {
  if (requestId === undefined && subjectId === undefined && routingKey === undefined) return 0;
  return textBytes(requestId ?? '') + textBytes(subjectId ?? '') + textBytes(routingKey ?? '');
}
