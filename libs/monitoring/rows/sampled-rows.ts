import type { Column } from '#libs/contracts/index.js';
import {
  Reservoir,
  WindowSummary,
  type ColumnFigures,
  type ColumnSource,
  type ReservoirState,
  type RowSelection,
  type SummaryState,
} from '#libs/statistics/index.js';
import { CategoryCodes } from './category-codes.js';
import type { ChunkColumn } from './column-names.js';
import type { ColumnSet, WatchedColumn } from './watched-columns.js';

export interface SampledRowsState {
  readonly columns: readonly WatchedColumn[];
  readonly summary: SummaryState;
  readonly reservoir: ReservoirState;
  /** Of columns in codes their texts; null for others. */
  readonly texts: readonly (readonly string[] | null)[];
}

/** Rows of a window: all of them counted, and the values of a sample of them. */
export class SampledRows {
  readonly #codes: readonly (CategoryCodes | null)[];

  private constructor(
    readonly set: ColumnSet,
    readonly summary: WindowSummary,
    readonly reservoir: Reservoir,
    texts: (index: number) => readonly string[],
  ) {
    this.#codes = set.columns.map(({ form }, index) =>
      form.kind === 'codes' ? new CategoryCodes(texts(index), set.columns.length) : null,
    );
  }

  static begin(set: ColumnSet, seed: number, capacity: number): SampledRows {
    const reservoir = new Reservoir({ columns: set.columns.length, seed, capacity });
    return new SampledRows(set, new WindowSummary(set.lookups), reservoir, () => []);
  }

  /** @throws RangeError for a state of other columns or bins. */
  static restore(set: ColumnSet, { summary, reservoir, texts }: SampledRowsState): SampledRows {
    return new SampledRows(
      set,
      WindowSummary.restore(set.lookups, summary),
      Reservoir.restore(reservoir),
      (index) => texts[index] ?? [],
    );
  }

  /**
   * @param data columns of a chunk, of the same inputs or outputs as `places`.
   * @param places by column where it lies in them; null: it does not.
   */
  add(data: readonly Column[], places: readonly (ChunkColumn | null)[], rows: RowSelection): void {
    const sources = places.map((place, index): ColumnSource | null => {
      if (place === null) return null;
      const { width, offset } = place;
      const codes = this.#codes[index];
      const values = data[place.place]!;
      if (codes) return { data: codes.encode(values, place, rows), width: 1, offset: 0 };
      return { data: values, width, offset };
    });
    this.summary.add(sources, rows, this.reservoir);
  }

  figures(): ColumnFigures[] {
    return this.summary.figures();
  }

  /** Texts by code of the column, null where it is not in codes. */
  textsOf(index: number): readonly string[] | null {
    return this.#codes[index]?.texts ?? null;
  }

  state(): SampledRowsState {
    return {
      columns: this.set.columns,
      summary: this.summary.state(),
      reservoir: this.reservoir.state(),
      texts: this.#codes.map((codes) => codes?.texts ?? null),
    };
  }
}

/** What the numbers of a sampled column stand for: texts by number; null: for themselves. */
export function textsOf(rows: SampledRows, index: number): readonly string[] | null {
  const { bins } = rows.set.lookups[index]!.reference;
  return rows.textsOf(index) ?? (bins.kind === 'categorical' ? bins.categories : null);
}
