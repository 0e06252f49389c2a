import type { BinLookup } from './bin-lookup.js';
import type { Block } from './block.js';
import { gatherNumbers, gatherTexts, isText, type ColumnSource, type RowSelection } from './column-data.js';
import type { ColumnLookup } from './column-lookup.js';
import type { ColumnCounts, ColumnFigures, ColumnState } from './column-summary.js';
import { DistinctCount } from './distinct-count.js';
import { Moments } from './moments.js';

const noUnseen = { rows: 0, first: [] } as const;

/** A numeric column of a window. */
export class NumericSummary {
  readonly #lookup: ColumnLookup;
  readonly #bins: BinLookup;
  readonly #lowest: number;
  readonly #highest: number;
  readonly #counts: Float64Array;
  #moments = new Moments();
  #distinct = new DistinctCount();
  #rows = 0;
  #missing = 0;
  #nonFinite = 0;
  #typeErrors = 0;
  #min = Infinity;
  #max = -Infinity;
  #below = 0;
  #above = 0;

  constructor(lookup: ColumnLookup, bins: BinLookup) {
    this.#lookup = lookup;
    this.#bins = bins;
    this.#lowest = lookup.reference.min ?? -Infinity;
    this.#highest = lookup.reference.max ?? Infinity;
    this.#counts = new Float64Array(bins.bins);
  }

  add(source: ColumnSource, selection: RowSelection, start: number, count: number, block: Block): void {
    const { data } = source;
    if (isText(data)) this.#readTexts(data, source, selection, start, count, block);
    else gatherNumbers(data, source, selection, start, count, block.rows);
    const { rows, values, words } = block;
    let [found, missing, min, max] = [0, 0, this.#min, this.#max];
    let [blockMin, blockMax] = [Infinity, -Infinity];
    for (let row = 0; row < count; row++) {
      // Adding 0 makes −0 the 0 that it equals.
      const value = rows[row]! + 0;
      if (value - value === 0) {
        values[found++] = value;
        if (value < blockMin) blockMin = value;
        if (value > blockMax) blockMax = value;
      } else if (Number.isNaN(value)) missing++;
      else {
        this.#nonFinite++;
        this.#counts[this.#bins.binOf(value)]!++;
      }
    }
    if (blockMin < min) min = blockMin;
    if (blockMax > max) max = blockMax;
    [this.#min, this.#max] = [min, max];
    this.#rows += count;
    this.#missing += missing;
    if (found === 0) return;
    if (blockMin < this.#lowest || blockMax > this.#highest) this.#countOutside(values, found);
    this.#moments.add(values, found, Math.max(Math.abs(blockMin), Math.abs(blockMax)));
    this.#bins.countInto(this.#counts, values, found);
    this.#distinct.addAll(values, words, found);
  }

  merge(other: NumericSummary): void {
    for (let bin = 0; bin < this.#counts.length; bin++) this.#counts[bin]! += other.#counts[bin]!;
    this.#moments.merge(other.#moments);
    this.#distinct.merge(other.#distinct);
    this.#rows += other.#rows;
    this.#missing += other.#missing;
    this.#nonFinite += other.#nonFinite;
    this.#typeErrors += other.#typeErrors;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    this.#below += other.#below;
    this.#above += other.#above;
  }

  figures(): ColumnFigures {
    // Rounding may lift the mean of equal values above each of them.
    const mean = this.#moments.mean;
    return {
      ...this.#counted(),
      mean: mean === null ? null : Math.min(Math.max(mean, this.#min), this.#max),
      sd: this.#moments.sd,
      distinct: this.#distinct.distinct,
      distinctExact: this.#distinct.exact,
    };
  }

  state(): ColumnState {
    return { ...this.#counted(), moments: this.#moments.state(), distinct: this.#distinct.state() };
  }

  restore(state: ColumnState): void {
    this.#counts.set(state.counts);
    this.#moments = Moments.restore(state.moments);
    this.#distinct = DistinctCount.restore(state.distinct);
    this.#rows = state.rows;
    this.#missing = state.missing;
    this.#nonFinite = state.nonFinite;
    this.#typeErrors = state.typeErrors;
    this.#min = state.min ?? Infinity;
    this.#max = state.max ?? -Infinity;
    this.#below = state.below;
    this.#above = state.above;
  }

  #counted(): ColumnCounts {
    return {
      name: this.#lookup.reference.name,
      rows: this.#rows,
      missing: this.#missing,
      nonFinite: this.#nonFinite,
      typeErrors: this.#typeErrors,
      counts: this.#counts.slice(),
      min: this.#min === Infinity ? null : this.#min,
      max: this.#max === -Infinity ? null : this.#max,
      below: this.#below,
      above: this.#above,
      unseen: noUnseen,
    };
  }

  /** What is no number is NaN then, like what is missing, of which it is taken off. */
  #readTexts(
    data: readonly string[],
    source: ColumnSource,
    selection: RowSelection,
    start: number,
    count: number,
    { rows, texts }: Block,
  ): void {
    gatherTexts(data, source, selection, start, count, texts);
    const { numberOf } = this.#lookup;
    for (let row = 0; row < count; row++) {
      const text = texts[row]!;
      const value = text === '' ? Number.NaN : numberOf(text);
      rows[row] = value;
      if (text !== '' && Number.isNaN(value)) {
        this.#typeErrors++;
        this.#missing--;
      }
    }
  }

  #countOutside(values: Float64Array, count: number): void {
    for (let at = 0; at < count; at++) {
      if (values[at]! < this.#lowest) this.#below++;
      else if (values[at]! > this.#highest) this.#above++;
    }
  }
}
