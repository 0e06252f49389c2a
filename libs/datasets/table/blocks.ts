import type { TableMemory } from './table-memory.js';

/** Values of one block. */
const largest = 2 ** 16;

type Numbers = Float64Array | Int32Array;
type View<A extends Numbers> = (buffer: ArrayBuffer | SharedArrayBuffer, offset: number, length: number) => A;

/** Numbers whose count is known at the end: blocks that are joined once, so that no more than one column lies there twice. */
export class Blocks<A extends Numbers> {
  #full: A[] = [];
  #block: A;
  #filled = 0;
  #before = 0;

  constructor(
    private readonly memory: TableMemory,
    private readonly view: View<A>,
    private readonly bytesEach: number,
  ) {
    this.#block = this.#empty(1024);
  }

  get length(): number {
    return this.#before + this.#filled;
  }

  /** @throws Refused `too_large`. */
  push(value: number): void {
    if (this.#filled === this.#block.length) this.#next();
    this.#block[this.#filled++] = value;
  }

  /** All of them; the blocks are let go. @throws Refused `too_large`. */
  joined(): A {
    this.memory.take(this.#filled * this.bytesEach);
    const all = this.view(this.memory.buffer(this.length * this.bytesEach), 0, this.length);
    let at = 0;
    for (const block of this.#full) {
      all.set(block, at);
      at += block.length;
    }
    all.set(this.#block.subarray(0, this.#filled), at);
    [this.#full, this.#block, this.#before, this.#filled] = [[], this.#empty(0), 0, 0];
    return all;
  }

  #next(): void {
    this.memory.take(this.#filled * this.bytesEach);
    this.#full.push(this.#block);
    this.#before += this.#filled;
    this.#block = this.#empty(Math.min(2 * this.#filled, largest));
    this.#filled = 0;
  }

  #empty(length: number): A {
    return this.view(new ArrayBuffer(length * this.bytesEach), 0, length);
  }
}
