import { BinLookup } from './bin-lookup.js';
import { block } from './block.js';
import { CategorySummary } from './category-summary.js';
import type { Bins } from './column.js';
import { blockRows, boundsOf, countOf, requireRows, type ColumnSource, type RowSelection } from './column-data.js';
import type { ColumnLookup } from './column-lookup.js';
import type { ColumnFigures, ColumnState } from './column-summary.js';
import { NumericSummary } from './numeric-summary.js';
import type { Reservoir } from './reservoir.js';

/** Raised with every change of what a state means. */
const stateVersion = 1;

/** Structured clone takes it as it is; as JSON: `summaryJson`. */
export interface SummaryState {
  readonly version: typeof stateVersion;
  readonly columns: readonly ColumnState[];
}

/**
 * Columns of a window: rows by bin of the reference, what is missing, out of range, unseen or of another type, range, mean,
 * spread and different values. O(1) a value, about 6 kB a column at any number of rows. The same rows in the same cuts give
 * the same bits; other cuts, and merges, differ in the last digits of mean and sd alone.
 *
 *     const summary = new WindowSummary(references.map((reference) => new ColumnLookup(reference)));
 *     summary.add(references.map((_, offset) => ({ data: tensor, width: 30, offset })), { from: 0, to: 1000 });
 *     summary.figures()[0].missing
 */
export class WindowSummary {
  readonly lookups: readonly ColumnLookup[];
  readonly #columns: readonly (NumericSummary | CategorySummary)[];

  constructor(lookups: readonly ColumnLookup[]) {
    this.lookups = lookups;
    this.#columns = lookups.map((lookup) =>
      lookup.bins instanceof BinLookup
        ? new NumericSummary(lookup, lookup.bins)
        : new CategorySummary(lookup, lookup.bins),
    );
  }

  /** @throws RangeError for a state of another version, and of other columns or another number of bins. */
  static restore(lookups: readonly ColumnLookup[], { version, columns }: SummaryState): WindowSummary {
    requireSame('version', stateVersion, version);
    const summary = new WindowSummary(lookups);
    requireSame('columns', lookups.length, columns.length);
    for (const [index, state] of columns.entries()) {
      const { reference, bins } = lookups[index]!;
      if (state.name !== reference.name)
        throw new RangeError(`columns[${index}]: expected '${reference.name}', got '${state.name}'`);
      requireSame(`bins of column '${state.name}'`, bins.bins, state.counts.length);
      summary.#columns[index]!.restore(state);
    }
    return summary;
  }

  /**
   * @param sources in the order of the columns; null for one that these rows do not have: its rows are not counted.
   * @param reservoir of as many columns: takes the same rows; categories as the number of their bin.
   * @throws RangeError for another number of sources, and for rows that a source does not have. Nothing is added then.
   */
  add(sources: readonly (ColumnSource | null)[], rows: RowSelection, reservoir?: Reservoir): void {
    requireSame('sources', this.#columns.length, sources.length);
    if (reservoir !== undefined) requireSame('columns of the reservoir', this.#columns.length, reservoir.columns);
    const bounds = boundsOf(rows);
    for (const [index, source] of sources.entries())
      if (source !== null) requireRows(this.lookups[index]!.reference.name, source, bounds);
    const count = countOf(rows);
    for (let start = 0; start < count; start += blockRows) {
      const size = Math.min(blockRows, count - start);
      reservoir?.admit(size);
      for (let index = 0; index < this.#columns.length; index++) {
        const source = sources[index] ?? null;
        if (source === null) block.rows.fill(Number.NaN, 0, size);
        else this.#columns[index]!.add(source, rows, start, size, block);
        reservoir?.put(index, block.rows);
      }
    }
  }

  /**
   * Takes in what another summary holds, of other rows and the same references: of another process, or of another time.
   * @throws RangeError for one of other columns or bins.
   */
  merge(other: WindowSummary): void {
    requireSame('columns', this.#columns.length, other.#columns.length);
    for (const [index, { reference, bins }] of this.lookups.entries()) {
      const theirs = other.lookups[index]!;
      if (theirs === this.lookups[index]) continue;
      if (theirs.reference.name !== reference.name || theirs.reference.bins.kind !== reference.bins.kind)
        throw new RangeError(`columns[${index}]: expected '${reference.name}', got '${theirs.reference.name}'`);
      requireSame(`bins of column '${reference.name}'`, bins.bins, theirs.bins.bins);
      const differing = firstDifference(reference.bins, theirs.reference.bins);
      if (differing !== null) throw new RangeError(`bins of column '${reference.name}': ${differing}`);
    }
    for (const [index, column] of this.#columns.entries()) {
      const theirs = other.#columns[index]!;
      if (column instanceof NumericSummary && theirs instanceof NumericSummary) column.merge(theirs);
      else if (column instanceof CategorySummary && theirs instanceof CategorySummary) column.merge(theirs);
    }
  }

  figures(): ColumnFigures[] {
    return this.#columns.map((column) => column.figures());
  }

  state(): SummaryState {
    return { version: stateVersion, columns: this.#columns.map((column) => column.state()) };
  }
}

/** Of as many bins: the first place at which they are others; null: there is none. */
function firstDifference(ours: Bins, theirs: Bins): string | null {
  const [mine, other] = [endsOf(ours), endsOf(theirs)];
  const at = mine.findIndex((end, index) => end !== other[index]);
  return at < 0 ? null : `expected ${JSON.stringify(mine[at])} at ${at}, got ${JSON.stringify(other[at])}`;
}

const endsOf = (bins: Bins): readonly (number | string)[] =>
  bins.kind === 'numeric' ? [...bins.edges] : bins.categories;

function requireSame(what: string, expected: number, got: number): void {
  if (got !== expected) throw new RangeError(`${what}: expected ${expected}, got ${got}`);
}
