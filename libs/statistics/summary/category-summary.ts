import type { Block } from './block.js';
import { shownCategory, type CategoryLookup } from './category-lookup.js';
import { gatherNumbers, gatherTexts, isText, type ColumnSource, type RowSelection } from './column-data.js';
import type { ColumnLookup } from './column-lookup.js';
import type { ColumnCounts, ColumnFigures, ColumnState } from './column-summary.js';
import { DistinctCount } from './distinct-count.js';
import { keyOfText } from '../hash.js';
import { Moments } from './moments.js';

/** Unseen categories that are told by name, and code units of a name. */
const [mostNames, longestName] = [20, 100];

/** A categorical column of a window. */
export class CategorySummary {
  readonly #lookup: ColumnLookup;
  readonly #bins: CategoryLookup;
  readonly #counts: Float64Array;
  /** Of the categories without a bin of their own. */
  #distinct = new DistinctCount();
  /** Of the categories that the reference does not have. */
  readonly #first = new Map<string, number>();
  /** Rows of them. */
  #unseen = 0;
  #rows = 0;
  #missing = 0;

  constructor(lookup: ColumnLookup, bins: CategoryLookup) {
    this.#lookup = lookup;
    this.#bins = bins;
    this.#counts = new Float64Array(bins.bins);
  }

  add(source: ColumnSource, selection: RowSelection, start: number, count: number, block: Block): void {
    const { data } = source;
    this.#rows += count;
    if (isText(data)) {
      gatherTexts(data, source, selection, start, count, block.texts);
      this.#addTexts(block, count);
    } else {
      gatherNumbers(data, source, selection, start, count, block.rows);
      this.#addNumbers(block.rows, count);
    }
  }

  merge(other: CategorySummary): void {
    for (let bin = 0; bin < this.#counts.length; bin++) this.#counts[bin]! += other.#counts[bin]!;
    this.#distinct.merge(other.#distinct);
    for (const [category, rows] of other.#first) this.#name(category, rows);
    this.#unseen += other.#unseen;
    this.#rows += other.#rows;
    this.#missing += other.#missing;
  }

  figures(): ColumnFigures {
    return {
      ...this.#counted(),
      ...{ mean: null, sd: null },
      distinct: this.#seen() + this.#distinct.distinct,
      distinctExact: this.#distinct.exact,
    };
  }

  state(): ColumnState {
    return { ...this.#counted(), moments: new Moments().state(), distinct: this.#distinct.state() };
  }

  restore(state: ColumnState): void {
    this.#counts.set(state.counts);
    this.#distinct = DistinctCount.restore(state.distinct);
    this.#first.clear();
    for (const { category, rows } of state.unseen.first) this.#first.set(category, rows);
    this.#unseen = state.unseen.rows;
    this.#rows = state.rows;
    this.#missing = state.missing;
  }

  #counted(): ColumnCounts {
    return {
      ...{ name: this.#lookup.reference.name, rows: this.#rows, missing: this.#missing },
      ...{ nonFinite: 0, typeErrors: 0, counts: this.#counts.slice(), min: null, max: null, below: 0, above: 0 },
      unseen: {
        rows: this.#unseen,
        first: Array.from(this.#first, ([category, rows]) => ({ category, rows })),
      },
    };
  }

  /** Categories of the reference that came. */
  #seen(): number {
    let seen = 0;
    for (let bin = 0; bin < this.#bins.other; bin++) if (this.#counts[bin]! > 0) seen++;
    return seen;
  }

  #addTexts({ rows, texts }: Block, count: number): void {
    for (let row = 0; row < count; row++) {
      const text = texts[row]!;
      if (text === '') this.#addMissing(rows, row);
      else {
        const shown = shownCategory(text);
        const bin = this.#bins.binOfText(shown);
        this.#counts[bin]!++;
        rows[row] = bin;
        if (bin === this.#bins.other) this.#addOther(shown, text);
      }
    }
  }

  #addNumbers(rows: Float64Array, count: number): void {
    for (let row = 0; row < count; row++) {
      const value = rows[row]!;
      if (Number.isNaN(value)) this.#addMissing(rows, row);
      else {
        const bin = this.#bins.binOfNumber(value);
        this.#counts[bin]!++;
        rows[row] = bin;
        if (bin === this.#bins.other) this.#addOther(String(value), String(value));
      }
    }
  }

  #addMissing(rows: Float64Array, row: number): void {
    this.#missing++;
    rows[row] = Number.NaN;
  }

  #addOther(shown: string, text: string): void {
    this.#distinct.add(keyOfText(text));
    if (this.#bins.isKnown(shown)) return;
    this.#unseen++;
    this.#name(shown.length > longestName ? `${shown.slice(0, longestName)}…`.toWellFormed() : shown, 1);
  }

  #name(category: string, rows: number): void {
    const known = this.#first.get(category);
    if (known !== undefined) this.#first.set(category, known + rows);
    else if (this.#first.size < mostNames) this.#first.set(category, rows);
  }
}
