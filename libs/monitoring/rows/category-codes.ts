import type { Column } from '#libs/contracts/index.js';
import type { RowSelection } from '#libs/statistics/index.js';

/** Categories of a window that are told apart; all later ones are one. */
const mostCategories = 1000;

const longest = 256;

/** Code units of the texts of all columns of a window. */
const mostCharacters = 200_000;

/**
 * Numbers for the texts of a column that has no reference yet, in order of appearance: the window may become the reference of
 * later ones, and then its categories are wanted.
 */
export class CategoryCodes {
  readonly #codes = new Map<string, number>();
  #left: number;

  /** @param columns of the window, that share its room. */
  constructor(texts: readonly string[] = [], columns = 1) {
    this.#left = Math.floor(mostCharacters / columns);
    for (const text of texts) this.#add(text);
  }

  /** In the order of their codes; the code behind the last one is all others. */
  get texts(): readonly string[] {
    return [...this.#codes.keys()];
  }

  /** @returns codes of the rows selected, at their places; NaN is a missing value. */
  encode(data: Column, { width, offset }: { width: number; offset: number }, rows: RowSelection): Float64Array {
    const last = rows instanceof Int32Array ? (rows.at(-1) ?? -1) : rows.to - 1;
    const codes = new Float64Array(last + 1);
    const encode = (row: number): void => {
      codes[row] = this.#codeOf(data[row * width + offset]!);
    };
    if (rows instanceof Int32Array) for (const row of rows) encode(row);
    else for (let row = rows.from; row < rows.to; row++) encode(row);
    return codes;
  }

  #codeOf(value: string | number | bigint): number {
    if (value === '' || Number.isNaN(value)) return Number.NaN;
    const text = String(value);
    const shown = text.length > longest ? `${text.slice(0, longest)}…`.toWellFormed() : text;
    const known = this.#codes.get(shown);
    if (known !== undefined) return known;
    if (this.#codes.size === mostCategories || shown.length > this.#left) return mostCategories;
    this.#add(shown);
    return this.#codes.size - 1;
  }

  #add(text: string): void {
    this.#codes.set(text, this.#codes.size);
    this.#left -= text.length;
  }
}
