/** The last values of a stream, in the order of their coming and of their size. O(capacity) per value. */
export class SlidingOrder {
  /** A ring: the oldest value is at #oldest. */
  readonly #ring: Float64Array;
  /** Places in the ring, by ascending value. */
  readonly #order: Int32Array;
  #oldest = 0;
  #length = 0;

  constructor(private readonly capacity: number) {
    this.#ring = new Float64Array(capacity);
    this.#order = new Int32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get full(): boolean {
    return this.#length === this.capacity;
  }

  /** Takes the place of the oldest value where there is no other. */
  push(value: number): void {
    if (this.full) this.#dropOldest();
    const slot = (this.#oldest + this.#length) % this.capacity;
    this.#ring[slot] = value;
    let at = this.#length++;
    for (; at > 0 && this.#ring[this.#order[at - 1]!]! > value; at--) this.#order[at] = this.#order[at - 1]!;
    this.#order[at] = slot;
  }

  clear(): void {
    this.#oldest = 0;
    this.#length = 0;
  }

  /** Oldest first. */
  values(): number[] {
    return Array.from({ length: this.#length }, (_, age) => this.#ring[(this.#oldest + age) % this.capacity]!);
  }

  /**
   * Greatest absolute difference of two counts of values up to any size.
   * @param sides of a full window, oldest first: 1 for a value of the first count, −1 of the second, 0 of neither.
   */
  greatestDifference(sides: Int8Array): number {
    const [ring, order, oldest, capacity] = [this.#ring, this.#order, this.#oldest, this.capacity];
    let [greatest, difference] = [0, 0];
    for (let at = 0; at < capacity; at++) {
      const slot = order[at]!;
      const age = slot >= oldest ? slot - oldest : slot - oldest + capacity;
      difference += sides[age]!;
      const tied = at + 1 < capacity && ring[order[at + 1]!] === ring[slot];
      if (tied) continue;
      if (difference > greatest) greatest = difference;
      else if (-difference > greatest) greatest = -difference;
    }
    return greatest;
  }

  #dropOldest(): void {
    const at = this.#order.indexOf(this.#oldest);
    this.#order.copyWithin(at, at + 1, this.#length);
    this.#oldest = (this.#oldest + 1) % this.capacity;
    this.#length--;
  }
}
