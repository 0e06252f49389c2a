import { emptyColumn } from '#libs/contracts/index.js';
import type { Column, ColumnData } from '#libs/inference/index.js';

/** The parts of a column one behind the other; a single one is not copied. */
export function joined(type: Column['type'], parts: readonly ColumnData[]): ColumnData {
  if (parts.length === 1) return parts[0]!;
  if (type === 'string') return (parts as string[][]).flat();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const column = emptyColumn(type, length) as Float32Array;
  let at = 0;
  for (const part of parts) {
    column.set(part as Float32Array, at);
    at += part.length;
  }
  return column;
}
