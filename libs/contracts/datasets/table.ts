/**
 * A data set in memory, column by column: what readers make and what checks, features and splits take. Typed arrays may
 * lie on shared memory, so that threads read one copy.
 */
export interface Table {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
}

export type TableColumn = NumberColumn | TextColumn;

/** `boolean`: 0 and 1. `timestamp`: milliseconds since the epoch, UTC. A missing value is NaN. */
export interface NumberColumn {
  readonly name: string;
  readonly type: 'numeric' | 'integer' | 'boolean' | 'timestamp';
  readonly values: Float64Array;
}

/** Row r holds `dictionary[codes[r]]`; a code of -1 is a missing value. The dictionary is in order of first appearance. */
export interface TextColumn {
  readonly name: string;
  readonly type: 'category' | 'text';
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

/** What a trainer takes: one column of float32 for each feature, NaN where a value is missing. */
export interface FeatureMatrix {
  readonly rows: number;
  readonly names: readonly string[];
  readonly columns: readonly Float32Array[];
}
