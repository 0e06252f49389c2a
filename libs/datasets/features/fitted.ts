import type { ColumnType, DatePart } from '#libs/contracts/index.js';

/**
 * A fitted pipeline: plain JSON, the same for the same rows, pipeline and seed. Every number in it that meets a feature
 * is a float32.
 */
export interface FittedFeatures {
  readonly version: 1;
  /** The raw columns that are used, as the graph takes them: numbers, then texts, then flags, each from index 0. */
  readonly inputs: readonly RawColumn[];
  readonly steps: readonly FittedStep[];
  /** One for each column of the feature matrix, in its order. */
  readonly outputs: readonly FeatureColumn[];
}

/**
 * Input of the graph that a raw column is a part of. `numbers`: float32, NaN where a value is missing · `texts`: strings,
 * empty where missing; timestamps are served as their text · `flags`: booleans that are never missing.
 */
export type InputKind = 'numbers' | 'texts' | 'flags';

export interface RawColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly input: InputKind;
  /** Place in the rows of that input. */
  readonly index: number;
  /** A value was missing somewhere in the table that was fitted. */
  readonly nullable: boolean;
}

export interface FeatureColumn {
  /** `age`, `age?missing`, `colour=red`, `colour=?`, `colour.rank`, `colour.target`, `when.month`, `age.bin`, `a*b`. */
  readonly name: string;
  /** Raw columns it is made of. */
  readonly sources: readonly string[];
}

/** A text, or the float32 of an integer, or 0 and 1 of a boolean. */
export type Category = string | number;

/** Column by column, in this order: a missing value becomes `fill`; `shift` is taken off; the rest times `factor`. */
export interface Adjustment {
  readonly fill: readonly number[] | null;
  readonly shift: readonly number[] | null;
  readonly factor: readonly number[] | null;
}

export interface NumericStep extends Adjustment {
  readonly type: 'numeric';
  readonly columns: readonly string[];
  /** After the columns themselves, for each one that is 1 where the value is missing. */
  readonly indicator: boolean;
}

/** A column for each category, then one for any other value. */
export interface OneHotStep {
  readonly type: 'one_hot';
  readonly column: string;
  readonly categories: readonly Category[];
}

/** The category's position; -1 for any other value. */
export interface OrdinalStep {
  readonly type: 'ordinal';
  readonly column: string;
  readonly categories: readonly Category[];
}

export interface TargetStep {
  readonly type: 'target';
  readonly column: string;
  readonly categories: readonly Category[];
  /** By category, then by output. */
  readonly values: readonly (readonly number[])[];
  /** For any other value, by output. */
  readonly otherwise: readonly number[];
}

/** All the parts of the first column, then those of the next. The adjustment is by column and part. */
export interface DatePartsStep extends Adjustment {
  readonly type: 'date_parts';
  readonly columns: readonly string[];
  readonly parts: readonly DatePart[];
}

/** The number of edges, ascending, that are below the value. */
export interface BinsStep {
  readonly type: 'bins';
  readonly columns: readonly string[];
  readonly edges: readonly (readonly number[])[];
}

export interface InteractionStep {
  readonly type: 'interaction';
  readonly pairs: readonly (readonly [string, string])[];
}

export type FittedStep =
  NumericStep | OneHotStep | OrdinalStep | TargetStep | DatePartsStep | BinsStep | InteractionStep;
