import { textHash } from '#libs/kernel/index.js';

/** A longer text is known by its beginning and `…`, as profiles tell it. */
const longest = 256;

export const shownCategory = (text: string): string =>
  text.length > longest ? `${text.slice(0, longest)}…`.toWellFormed() : text;

/**
 * The bin of a category: its place among the reference's categories, and after them one for all others. Numbers stand for
 * their text, and 0 and 1 for `false` and `true` where the categories are these.
 */
export class CategoryLookup {
  readonly #ofText = new Map<string, number>();
  readonly #ofNumber = new Map<number, number>();
  /** Where what is in no other bin is counted. */
  readonly other: number;

  /** @param others hashes of categories without a bin of their own, ascending */
  constructor(
    categories: readonly string[],
    private readonly others: Uint32Array = new Uint32Array(0),
  ) {
    this.other = categories.length;
    for (const [bin, category] of categories.entries()) {
      this.#ofText.set(category, bin);
      const number = Number(category);
      if (String(number) === category) this.#ofNumber.set(number, bin);
    }
    for (const [number, category] of ['false', 'true'].entries()) {
      const bin = this.#ofText.get(category);
      if (bin !== undefined && !this.#ofNumber.has(number)) this.#ofNumber.set(number, bin);
    }
  }

  get bins(): number {
    return this.other + 1;
  }

  /** @param text not longer than `shownCategory` has it. */
  binOfText(text: string): number {
    return this.#ofText.get(text) ?? this.other;
  }

  /** @param text of no other bin: the reference has it nevertheless. */
  isKnown(text: string): boolean {
    const { others } = this;
    if (others.length === 0) return false;
    const hash = textHash(text);
    let [low, high] = [0, others.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (others[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return others[low] === hash;
  }

  binOfNumber(value: number): number {
    return this.#ofNumber.get(value) ?? this.other;
  }
}
