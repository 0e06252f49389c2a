import { Refused } from '../refusal.js';

/** Bytes that a table may take, and where its arrays lie. */
export class TableMemory {
  #taken = 0;

  constructor(
    private readonly most: number,
    private readonly shared: boolean,
  ) {}

  /** @throws Refused `too_large`. */
  take(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken > this.most)
      throw new Refused('too_large', null, `the table takes more than ${this.most} bytes of memory`);
  }

  buffer(bytes: number): ArrayBuffer | SharedArrayBuffer {
    return this.shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  }
}
