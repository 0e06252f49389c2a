import { mostKept } from './counted.js';

/** A category has at most so many different values. */
export const mostCategories = 10_000;

/** Bytes of different texts that all columns together keep exactly. */
const textBytes = 2 ** 27;

/** What the columns of one scan share: how much each of them keeps, so that memory is bounded whatever their number. */
export class ScanContext {
  /** So far met: those of JSON lines come unannounced. */
  columns = 0;
  /** Bytes of texts that may still be kept. */
  textBytesLeft = textBytes;

  /** Numbers of a column that are all kept for exact quantiles. */
  get numbers(): number {
    return within(Math.floor(2 ** 23 / this.columns), 1024, 2 ** 20);
  }

  /** Numbers of a column that are sorted at once. */
  get block(): number {
    return within(2 ** Math.floor(Math.log2(2 ** 22 / this.columns)), 1024, 16_384);
  }

  /** Different numbers of a column that are counted one by one. */
  get distinct(): number {
    return within(Math.floor(2 ** 22 / this.columns), mostKept, 2 ** 16);
  }

  /** Different texts of a column that are counted one by one: at least as many as tell a category from a text. */
  get distinctTexts(): number {
    return Math.max(this.distinct, mostCategories);
  }
}

const within = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
