import { emptyColumn } from '#libs/contracts/index.js';
import type { Column, ColumnData, ColumnInfo } from '#libs/inference/index.js';
import { leastRowBytes } from '../recording/row-size.js';

export interface RowCacheBounds {
  readonly rows: number;
  /** Of keys and outputs, as they are estimated here. */
  readonly bytes: number;
}

/** An entry of the map with a key of full length: 104 to 117 bytes of heap in Node 20, by 10,000 to 200,000 entries. */
const keyBytes = 120;

/**
 * The outputs of some rows by a key of their inputs; the least recently used goes first. Outputs stand in columns that
 * grow as they fill: an entry is a key, a number and its output's bytes.
 */
export class RowCache {
  /** Where the outputs stand, the least recently used first. */
  readonly #slots = new Map<string, number>();
  /** Slots below `#used` that hold nothing. */
  readonly #free: number[] = [];
  readonly #maxRows: number;
  /** Of an entry but its texts. */
  readonly #entryBytes: number;
  #columns: ColumnData[];
  #used = 0;
  #room = 0;
  #textBytes = 0;

  constructor(
    private readonly outputs: readonly ColumnInfo[],
    private readonly bounds: RowCacheBounds,
  ) {
    this.#columns = outputs.map(({ type }) => emptyColumn(type, 0) as ColumnData);
    this.#entryBytes = keyBytes + leastRowBytes(outputs);
    this.#maxRows = Math.min(bounds.rows, Math.floor(bounds.bytes / this.#entryBytes));
  }

  get size(): number {
    return this.#slots.size;
  }

  get bytes(): number {
    return this.#slots.size * this.#entryBytes + this.#textBytes;
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

  /** Keeps row `row` of outputs, unless it alone is beyond the bounds. A key that is kept already stays as it is. */
  keep(key: string, from: readonly Column[], row: number): void {
    if (this.#slots.has(key)) return;
    const columns = from.map(({ data }) => data);
    const texts = this.#textBytesOf(columns, row);
    const bytes = this.#entryBytes + texts;
    if (bytes > this.bounds.bytes) return;
    while (this.#slots.size === this.#maxRows || this.bytes + bytes > this.bounds.bytes) this.#dropOldest();
    const slot = this.#free.pop() ?? this.#newSlot();
    this.#slots.set(key, slot);
    this.#textBytes += texts;
    this.#copy(columns, row, this.#columns, slot);
  }

  #newSlot(): number {
    if (this.#used === this.#room) this.#grow(Math.min(this.#maxRows, Math.max(16, 2 * this.#room)));
    return this.#used++;
  }

  #dropOldest(): void {
    const [oldest] = this.#slots;
    const [key, slot] = oldest!;
    this.#slots.delete(key);
    this.#free.push(slot);
    this.#textBytes -= this.#textBytesOf(this.#columns, slot);
    for (const [index, { type, width }] of this.outputs.entries())
      if (type === 'string') (this.#columns[index] as string[]).fill('', slot * width, (slot + 1) * width);
  }

  /** V8 keeps a text in one or two bytes a character. */
  #textBytesOf(columns: readonly ColumnData[], row: number): number {
    let bytes = 0;
    for (const [index, { type, width }] of this.outputs.entries())
      if (type === 'string')
        for (let at = row * width; at < (row + 1) * width; at++) bytes += 2 * (columns[index]![at] as string).length;
    return bytes;
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
