import type { DataFormat, DatasetSchema, Table } from '#libs/contracts/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import { readData } from '../readers/read-data.js';
import { orRefusalLater, Refused, type DatasetRefusal } from '../refusal.js';
import type { DataSource } from '../sources/data-source.js';
import { columnBuilder, type ColumnBuilder } from './column-builder.js';
import { TableMemory } from './table-memory.js';

export interface LoadOptions {
  /** Names of the schema to load, and no others. */
  readonly columns?: readonly string[];
  /** Bytes that arrays and dictionaries may take together (default: as many as fit). */
  readonly maxBytes?: number;
  /** On shared memory, for threads to read without a copy. */
  readonly shared?: boolean;
}

/**
 * The columns of a schema, in its order. A value that does not fit its column's type is refused with its row (from 1) and
 * column, as is a column that the data do not have; columns that the schema does not have are passed over. Missing values
 * are taken everywhere, nullable or not: what they mean is for checks to say.
 */
export function loadTable(
  source: DataSource,
  format: DataFormat,
  schema: DatasetSchema,
  { columns, maxBytes = Infinity, shared = false }: LoadOptions = {},
): Promise<Result<Table, DatasetRefusal>> {
  return orRefusalLater(async () => {
    const memory = new TableMemory(maxBytes, shared);
    const wanted = columns === undefined ? null : new Set(columns);
    const builders = new Map<string, ColumnBuilder>();
    for (const column of schema.columns) {
      if (wanted === null || wanted.delete(column.name)) builders.set(column.name, columnBuilder(column, memory));
    }
    for (const name of wanted ?? [])
      throw new Refused('malformed', `column '${name}'`, 'the schema has no such column');
    const absent = new Set(builders.keys());
    const open = (name: string): ColumnBuilder | null => {
      absent.delete(name);
      return builders.get(name) ?? null;
    };
    const rows = await readData(source, format, open, () => undefined);
    for (const name of absent) throw new Refused('malformed', `column '${name}'`, 'the data have no such column');
    return accept({ rows, columns: [...builders.values()].map((builder) => builder.finish()) });
  });
}
