import { Refused } from '../refusal.js';

/** Bytes of different texts: they are strings in the heap, which holds less than a machine does. */
const mostTextBytes = 2 ** 30;

/** Bytes that a table may take, and where its arrays lie. */
export class TableMemory {
  #taken = 0;
  #texts = 0;

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

  /** Of one text in a dictionary. @throws Refused `too_large`. */
  takeText(bytes: number): void {
    // Its bytes while it is read, and the string.
    const taken = 2 * bytes + 40;
    this.#texts += taken;
    if (this.#texts > mostTextBytes)
      throw new Refused('too_large', null, `different texts take more than ${mostTextBytes} bytes of memory`);
    this.take(taken);
  }

  buffer(bytes: number): ArrayBuffer | SharedArrayBuffer {
    return this.shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  }
}
