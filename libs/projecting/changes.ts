import type { Before, Operation } from './projection.js';
import { keyOf, type Row, type Table } from './table.js';

/** Collects the operations of a batch and shows the rows as they stand after them. */
export class Changes {
  readonly operations: Operation[] = [];
  private readonly after = new Map<Table, Map<string, Row | undefined>>();

  constructor(private readonly before: Before) {}

  /** The row after everything so far. Before the batch's first change of it, `needs` must have named it. */
  get(table: Table, key: Row): Row | undefined {
    const rows = this.after.get(table);
    const name = keyOf(table, key);
    return rows?.has(name) ? rows.get(name) : this.before.get(table, key);
  }

  put(table: Table, seq: number, row: Row): void {
    this.remember(table, row, row);
    this.operations.push({ kind: 'put', table, seq, row });
  }

  delete(table: Table, seq: number, key: Row): void {
    this.remember(table, key, undefined);
    this.operations.push({ kind: 'delete', table, seq, key });
  }

  skip(seq: number, reason: string): void {
    this.operations.push({ kind: 'skip', seq, reason });
  }

  private remember(table: Table, key: Row, row: Row | undefined): void {
    let rows = this.after.get(table);
    if (rows === undefined) this.after.set(table, (rows = new Map<string, Row | undefined>()));
    rows.set(keyOf(table, key), row);
  }
}
