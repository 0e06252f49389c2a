import { scaleOf } from '../scaled-moments.js';

export interface MomentsState {
  readonly count: number;
  readonly scale: number;
  readonly mean: number;
  readonly squares: number;
}

/**
 * Count, mean and spread of numbers that come block by block: two passes over a block, blocks and summaries joined by the
 * pairwise formula of Chan, Golub and LeVeque (1983). Numbers are divided by a power of two near the largest, which is exact
 * and keeps squares in range. The same blocks in the same order give the same bits; other cuts other last digits.
 */
export class Moments {
  #count = 0;
  /** A power of two, or 0 before any number but 0; mean and squares are of numbers divided by it. */
  #scale = 0;
  #mean = 0;
  /** Sum of squared distances from the mean. */
  #squares = 0;

  static restore({ count, scale, mean, squares }: MomentsState): Moments {
    const moments = new Moments();
    [moments.#count, moments.#scale, moments.#mean, moments.#squares] = [count, scale, mean, squares];
    return moments;
  }

  get count(): number {
    return this.#count;
  }

  get mean(): number | null {
    return this.#count === 0 ? null : this.#mean * this.#scale;
  }

  /** Of the sample (n − 1); null for fewer than two numbers. */
  get sd(): number | null {
    if (this.#count < 2) return null;
    return Math.sqrt(Math.max(this.#squares, 0) / (this.#count - 1)) * this.#scale;
  }

  /**
   * The first `count` of the values.
   * @param values finite.
   * @param largest of their absolute values.
   */
  add(values: Float64Array, count: number, largest: number): void {
    if (count === 0) return;
    if (largest >= 2 * this.#scale) this.#rescale(scaleOf(largest));
    const inverse = this.#scale === 0 ? 0 : 1 / this.#scale;
    const shift = values[0]! * inverse;
    let sum = 0;
    for (let at = 0; at < count; at++) sum += values[at]! * inverse - shift;
    const mean = shift + sum / count;
    let squares = 0;
    let residue = 0;
    for (let at = 0; at < count; at++) {
      const distance = values[at]! * inverse - mean;
      squares += distance * distance;
      residue += distance;
    }
    this.#join(count, mean, squares - (residue * residue) / count);
  }

  merge(other: Moments): void {
    if (other.#count === 0) return;
    if (other.#scale > this.#scale) this.#rescale(other.#scale);
    const ratio = this.#scale === 0 ? 0 : other.#scale / this.#scale;
    this.#join(other.#count, other.#mean * ratio, other.#squares * ratio * ratio);
  }

  state(): MomentsState {
    return { count: this.#count, scale: this.#scale, mean: this.#mean, squares: this.#squares };
  }

  #rescale(scale: number): void {
    if (scale <= this.#scale) return;
    const ratio = this.#scale / scale;
    this.#mean *= ratio;
    this.#squares *= ratio * ratio;
    this.#scale = scale;
  }

  #join(count: number, mean: number, squares: number): void {
    const total = this.#count + count;
    const delta = mean - this.#mean;
    this.#mean += (delta * count) / total;
    this.#squares += squares + (delta * delta * this.#count * count) / total;
    this.#count = total;
  }
}
