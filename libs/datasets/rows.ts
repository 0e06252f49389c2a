import { accept, type Result } from '#libs/kernel/index.js';
import { defaultLimits, type Limits } from './limits.js';
import { readTable } from './read-table.js';
import { orRefusal, type DatasetRefusal } from './refusal.js';

/** By column. Cells of CSV are text; of the other formats, what they hold. Null: there is nothing. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * The rows of a data set in their order.
 * @param format one of `dataFormats`; another is refused.
 */
export function rowsOf(
  bytes: Uint8Array,
  format: string,
  limits: Partial<Limits> = {},
): Result<{ readonly columns: readonly string[]; readonly rows: readonly Row[] }, DatasetRefusal> {
  return orRefusal(() => {
    const table = readTable(bytes, format, { ...defaultLimits, ...limits });
    return accept({ columns: table.columnNames(), rows: table.objects() as Row[] });
  });
}
