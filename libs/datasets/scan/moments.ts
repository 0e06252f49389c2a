/**
 * Count, mean and spread of numbers that come block by block: two passes over a block, blocks joined by the pairwise formula
 * of Chan, Golub and LeVeque (1983). Values are divided by a power of two near the largest, which is exact and keeps squares
 * in range. The same blocks in the same order give the same bits.
 */
export class Moments {
  count = 0;
  min = Infinity;
  max = -Infinity;
  /** A power of two; `#mean` and `#squares` are of values divided by it. */
  #scale = 0;
  #mean = 0;
  /** Sum of squared distances from the mean. */
  #squares = 0;

  /** @param values finite and within ±1e300. */
  add(values: Float64Array): void {
    const { length } = values;
    if (length === 0) return;
    for (let i = 0; i < length; i++) {
      const value = values[i]!;
      if (value < this.min) this.min = value;
      if (value > this.max) this.max = value;
    }
    this.#rescale(Math.max(Math.abs(this.min), Math.abs(this.max)));
    const inverse = this.#scale === 0 ? 0 : 1 / this.#scale;
    const shift = values[0]! * inverse;
    let sum = 0;
    for (let i = 0; i < length; i++) sum += values[i]! * inverse - shift;
    const mean = shift + sum / length;
    let squares = 0;
    let residue = 0;
    for (let i = 0; i < length; i++) {
      const distance = values[i]! * inverse - mean;
      squares += distance * distance;
      residue += distance;
    }
    this.#join(length, mean, squares - (residue * residue) / length);
  }

  /** Rounding may lift the mean of equal values above each of them. */
  get mean(): number {
    return Math.min(Math.max(this.#mean * this.#scale, this.min), this.max);
  }

  /** Of the sample (n − 1); null for one value. */
  get sd(): number | null {
    if (this.count < 2) return null;
    return Math.sqrt(Math.max(this.#squares, 0) / (this.count - 1)) * this.#scale;
  }

  #rescale(largest: number): void {
    if (largest === 0) return;
    // Below 2^-1022 a float64 loses digits, and above 2^1022 the inverse does.
    const scale = 2 ** Math.min(Math.max(Math.floor(Math.log2(largest)), -1021), 1021);
    if (scale <= this.#scale) return;
    const ratio = this.#scale / scale;
    this.#mean *= ratio;
    this.#squares *= ratio * ratio;
    this.#scale = scale;
  }

  #join(count: number, mean: number, squares: number): void {
    const total = this.count + count;
    const delta = mean - this.#mean;
    this.#mean += (delta * count) / total;
    this.#squares += squares + (delta * delta * this.count * count) / total;
    this.count = total;
  }
}
