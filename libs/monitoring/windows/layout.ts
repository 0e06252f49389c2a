import { isDeepStrictEqual } from 'node:util';
import type { ChunkSchema } from '#libs/contracts/index.js';
import type { ReferenceSet } from '../contract.js';
import { inputColumns, outputColumns, type ChunkColumn } from '../rows/column-names.js';
import { featureOf } from '../rows/refused-columns.js';
import { columnSet, watchedColumns, type ColumnSet, type WatchedColumn } from '../rows/watched-columns.js';

/** Where the columns of a window lie in a chunk; null: it does not have them. */
export interface Places {
  readonly features: readonly (ChunkColumn | null)[];
  readonly outputs: readonly (ChunkColumn | null)[];
}

export interface LayoutColumns {
  readonly features: readonly WatchedColumn[];
  readonly outputs: readonly WatchedColumn[];
  readonly tooWide: readonly string[];
}

/** The columns of a version's windows: those of its chunks, counted by the bins of one reference. */
export class Layout {
  /** Of the features, and of the arrays that they are elements of. */
  readonly names: ReadonlySet<string>;
  readonly #places = new WeakMap<ChunkSchema, Places>();
  readonly #fitting = new WeakMap<ChunkSchema, boolean>();

  private constructor(
    readonly reference: ReferenceSet | null,
    readonly features: ColumnSet,
    readonly outputs: ColumnSet,
    /** Inputs and outputs of so many elements that they are not watched. */
    readonly tooWide: readonly string[],
  ) {
    this.names = new Set(features.columns.flatMap(({ name }) => [name, featureOf(name)]));
  }

  static ofChunks(schema: ChunkSchema, reference: ReferenceSet | null): Layout {
    return Layout.ofColumns(columnsOf(schema, reference), reference);
  }

  /** @throws RangeError where the reference does not have a column that is counted by it. */
  static ofColumns({ features, outputs, tooWide }: LayoutColumns, reference: ReferenceSet | null): Layout {
    return new Layout(
      reference,
      columnSet(features, reference?.features ?? []),
      columnSet(outputs, reference?.predictions ?? []),
      tooWide,
    );
  }

  placesIn(schema: ChunkSchema): Places {
    let places = this.#places.get(schema);
    if (places === undefined) {
      places = {
        features: placesOf(this.features, inputColumns(schema).columns),
        outputs: placesOf(this.outputs, outputColumns(schema).columns),
      };
      this.#places.set(schema, places);
    }
    return places;
  }

  /** It is what `ofChunks` makes: whether one is made anew, as after a restore, has no bearing on windows. */
  fits(schema: ChunkSchema, reference: ReferenceSet | null): boolean {
    if (reference !== this.reference) return false;
    let fits = this.#fitting.get(schema);
    if (fits === undefined) {
      const { features, outputs, tooWide } = this;
      const own: LayoutColumns = { features: features.columns, outputs: outputs.columns, tooWide };
      fits = isDeepStrictEqual(columnsOf(schema, reference), own);
      this.#fitting.set(schema, fits);
    }
    return fits;
  }
}

function columnsOf(schema: ChunkSchema, reference: ReferenceSet | null): LayoutColumns {
  const [inputs, outputs] = [inputColumns(schema), outputColumns(schema)];
  return {
    features: watchedColumns(inputs.columns, reference?.features ?? [], undefined),
    outputs: watchedColumns(outputs.columns, reference?.predictions ?? [], schema.classes),
    tooWide: [...inputs.tooWide, ...outputs.tooWide],
  };
}

function placesOf({ columns }: ColumnSet, found: readonly ChunkColumn[]): (ChunkColumn | null)[] {
  const byName = new Map(found.map((column) => [column.name, column]));
  return columns.map(({ name }) => byName.get(name) ?? null);
}
