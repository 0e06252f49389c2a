import { BinLookup } from './bin-lookup.js';
import { CategoryLookup } from './category-lookup.js';
import type { ReferenceSummary } from './reference-summary.js';

export interface LookupOptions {
  /**
   * The number of a text, NaN for what is none: timestamps are served as texts. Without it every text of a numeric column is
   * an error of type.
   */
  readonly numberOf?: (text: string) => number;
}

/** A reference's bins, ready to be looked up: made once for all windows of a column. */
export class ColumnLookup {
  readonly reference: ReferenceSummary;
  readonly bins: BinLookup | CategoryLookup;
  readonly numberOf: (text: string) => number;

  constructor(reference: ReferenceSummary, { numberOf = noNumber }: LookupOptions = {}) {
    const { bins } = reference;
    this.reference = reference;
    this.bins =
      bins.kind === 'numeric'
        ? new BinLookup(bins.edges)
        : new CategoryLookup(bins.categories, reference.others?.hashes);
    this.numberOf = numberOf;
  }
}

const noNumber = (): number => Number.NaN;
