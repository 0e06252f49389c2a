/**
 * A table of FlatBuffers, read field by field. Every access is checked against the buffer: what refers to a place outside of it
 * is a RangeError, and vectors that claim more elements than there are bytes are one too.
 */
export class FlatTable {
  constructor(
    private readonly view: DataView,
    private readonly position: number,
  ) {}

  /** The table that a message begins with. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  uint8(field: number, otherwise = 0): number {
    const at = this.#at(field);
    return at === null ? otherwise : this.view.getUint8(at);
  }

  int16(field: number, otherwise = 0): number {
    const at = this.#at(field);
    return at === null ? otherwise : this.view.getInt16(at, true);
  }

  int32(field: number, otherwise = 0): number {
    const at = this.#at(field);
    return at === null ? otherwise : this.view.getInt32(at, true);
  }

  int64(field: number): number {
    const at = this.#at(field);
    return at === null ? 0 : Number(this.view.getBigInt64(at, true));
  }

  text(field: number): string {
    const { start, length } = this.#vector(field, 1);
    return Buffer.from(this.view.buffer, this.view.byteOffset + start, length).toString('utf8');
  }

  table(field: number): FlatTable | null {
    const at = this.#at(field);
    return at === null ? null : new FlatTable(this.view, at + this.view.getUint32(at, true));
  }

  tables(field: number): FlatTable[] {
    const { start, length } = this.#vector(field, 4);
    return Array.from({ length }, (_, index) => {
      const at = start + 4 * index;
      return new FlatTable(this.view, at + this.view.getUint32(at, true));
    });
  }

  /** Structs of so many integers of 64 bits. */
  int64s(field: number, each: number): number[][] {
    const { start, length } = this.#vector(field, 8 * each);
    return Array.from({ length }, (_, index) =>
      Array.from({ length: each }, (__, part) =>
        Number(this.view.getBigInt64(start + 8 * (each * index + part), true)),
      ),
    );
  }

  /** Where a field lies; null: it has its default. */
  #at(field: number): number | null {
    const table = this.position - this.view.getInt32(this.position, true);
    const slot = 4 + 2 * field;
    if (slot + 2 > this.view.getUint16(table, true)) return null;
    const offset = this.view.getUint16(table + slot, true);
    return offset === 0 ? null : this.position + offset;
  }

  #vector(field: number, bytesEach: number): { start: number; length: number } {
    const at = this.#at(field);
    if (at === null) return { start: 0, length: 0 };
    const vector = at + this.view.getUint32(at, true);
    const length = this.view.getUint32(vector, true);
    const start = vector + 4;
    if (start + length * bytesEach > this.view.byteLength)
      throw new RangeError(`a list of ${length} elements, expected at most as many as there are bytes`);
    return { start, length };
  }
}
