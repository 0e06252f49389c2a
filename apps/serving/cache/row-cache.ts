import { emptyColumn } from '#libs/contracts/index.js';
import type { Column, ColumnData, ColumnInfo } from '#libs/inference/index.js';

/**
 * The outputs of at most `capacity` rows by a key of their inputs; the least recently used goes first. Outputs stand in
 * columns that grow as they fill: an entry is a key, a number and its output's bytes.
 */
export class RowCache {
  /** Where the outputs stand, the least recently used first. */
  readonly #slots = new Map<string, number>();
  #columns: ColumnData[];
  #room = 0;

  constructor(
    private readonly outputs: readonly ColumnInfo[],
    private readonly capacity: number,
  ) {
    this.#columns = outputs.map(({ type }) => emptyColumn(type, 0) as ColumnData);
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Writes the outputs kept under the key as row `row` of `into`; false: there are none. */
  read(key: string, into: readonly ColumnData[], row: number): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    this.#copy(this.#columns, slot, into, row);
    return true;
  }

  /** Keeps row `row` of outputs. A key that is kept already stays as it is. */
  keep(key: string, from: readonly Column[], row: number): void {
    if (this.#slots.has(key)) return;
    const slot = this.#slots.size < this.capacity ? this.#newSlot() : this.#oldestSlot();
    this.#slots.set(key, slot);
    this.#copy(
      from.map(({ data }) => data),
      row,
      this.#columns,
      slot,
    );
  }

  #newSlot(): number {
    const slot = this.#slots.size;
    if (slot === this.#room) this.#grow(Math.min(this.capacity, Math.max(16, 2 * this.#room)));
    return slot;
  }

  #oldestSlot(): number {
    const [oldest] = this.#slots;
    this.#slots.delete(oldest![0]);
    return oldest![1];
  }

  #grow(room: number): void {
    const grown = this.outputs.map(({ type, width }) => emptyColumn(type, room * width) as ColumnData);
    for (const [index, { width }] of this.outputs.entries())
      copyElements(this.#columns[index]!, 0, grown[index]!, 0, this.#room * width);
    this.#columns = grown;
    this.#room = room;
  }

  #copy(from: readonly ColumnData[], fromRow: number, to: readonly ColumnData[], toRow: number): void {
    for (let index = 0; index < this.outputs.length; index++) {
      const { width } = this.outputs[index]!;
      copyElements(from[index]!, fromRow * width, to[index]!, toRow * width, width);
    }
  }
}

/** `count` elements of a column into another one of the same type. */
export function copyElements(from: ColumnData, first: number, to: ColumnData, at: number, count: number): void {
  for (let index = 0; index < count; index++) to[at + index] = from[first + index]!;
}
