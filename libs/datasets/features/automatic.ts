import { accept, assertNever, type Result } from '#libs/kernel/index.js';
import type {
  ColumnProfile,
  ColumnSchema,
  DatasetSchema,
  FeaturePipeline,
  FeatureStep,
} from '#libs/contracts/index.js';
import { orRefusal, Refused, type DatasetRefusal } from '../refusal.js';
import { unknownColumn } from './raw-columns.js';

export interface IgnoredColumn {
  readonly column: string;
  readonly reason: string;
}

export interface AutomaticFeatures {
  readonly pipeline: FeaturePipeline;
  /** Columns that were asked for and give nothing to learn from. */
  readonly ignored: readonly IgnoredColumn[];
}

/** Categories that get a column each. */
const mostOneHot = { trees: 10, linear: 100 } as const;
/** A text of more values tells rows apart rather than groups of them. */
const mostTexts = 1000;
/** What an encoding takes at most. */
const mostCategories = 10_000;

const dateParts: Extract<FeatureStep, { type: 'date_parts' }>['parts'] = ['year', 'month', 'day', 'weekday', 'hour'];

/**
 * A pipeline for the given raw columns. Trees take numbers as they are, missing ones too, and categories of many values
 * as means of the target; linear models take numbers filled and scaled, and the most frequent categories one by one.
 * @param profiles of the same columns: how many distinct values, how many missing. A column without one has unknown many.
 */
export function automaticPipeline(
  schema: DatasetSchema,
  features: readonly string[],
  profiles: readonly Pick<ColumnProfile, 'name' | 'distinct'>[],
  family: 'trees' | 'linear',
): Result<AutomaticFeatures, DatasetRefusal> {
  return orRefusal(() => {
    const columns = chosen(schema, features);
    const distinct = new Map(profiles.map((profile) => [profile.name, profile.distinct]));
    const ignored = columns.flatMap((column) => ignoredFor(column, distinct.get(column.name)));
    const left = columns.filter(({ name }) => !ignored.some(({ column }) => column === name));
    if (left.length === 0) {
      const reasons = ignored.map(({ column, reason }) => `'${column}' ${reason}`).join('; ');
      throw new Refused('unfit', null, `no column is left to learn from${reasons === '' ? '' : `: ${reasons}`}`);
    }
    return accept({ pipeline: stepsFor(left, distinct, family), ignored });
  });
}

function chosen({ columns }: DatasetSchema, features: readonly string[]): ColumnSchema[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return features.map((name) => {
    const column = byName.get(name);
    if (column === undefined) throw unknownColumn(name, 'features', [...byName.keys()]);
    return column;
  });
}

function ignoredFor({ name, type }: ColumnSchema, distinct: number | undefined): IgnoredColumn[] {
  if (distinct === 0) return [{ column: name, reason: 'has no value' }];
  const most = type === 'text' ? mostTexts : type === 'category' ? mostCategories : null;
  if (most === null || (distinct !== undefined && distinct <= most)) return [];
  return [{ column: name, reason: `is ${type} of ${distinct ?? 'unknown many'} values, taken are at most ${most}` }];
}

function stepsFor(
  columns: readonly ColumnSchema[],
  distinct: ReadonlyMap<string, number>,
  family: 'trees' | 'linear',
): FeaturePipeline {
  const named = (accepts: (column: ColumnSchema) => boolean) => columns.filter(accepts).map(({ name }) => name);
  const isNumber = ({ type }: ColumnSchema) => type === 'numeric' || type === 'integer' || type === 'boolean';
  const isFlag = ({ type, nullable }: ColumnSchema) => type === 'boolean' && !nullable;
  const isCategory = ({ type }: ColumnSchema) => type === 'category' || type === 'text';
  const isFew = ({ name }: ColumnSchema) => (distinct.get(name) ?? Infinity) <= mostOneHot[family];
  const isTimestamp = ({ type }: ColumnSchema) => type === 'timestamp';
  switch (family) {
    case 'trees':
      return [
        // In the order of the graph's inputs, which it then takes as they are: booleans never missing are an input apart.
        ...numeric([...named((column) => isNumber(column) && !isFlag(column)), ...named(isFlag)], 'none', 'none'),
        ...oneHot(
          named((column) => isCategory(column) && isFew(column)),
          mostOneHot.trees,
        ),
        ...target(named((column) => isCategory(column) && !isFew(column))),
        ...dates(named(isTimestamp), 'none', 'none'),
      ];
    case 'linear':
      return [
        ...numeric(
          named((column) => isNumber(column) && !column.nullable),
          'none',
          'standard',
        ),
        ...numeric(
          named((column) => isNumber(column) && column.nullable),
          'mean',
          'standard',
        ),
        ...oneHot(named(isCategory), mostOneHot.linear),
        // A text that is no timestamp has missing parts, though none was missing in the data.
        ...dates(named(isTimestamp), 'mean', 'standard'),
      ];
    default:
      return assertNever(family, 'family');
  }
}

type Impute = 'none' | 'mean';
type Scale = 'none' | 'standard';

const numeric = (columns: string[], impute: Impute, scale: Scale): FeatureStep[] =>
  columns.length === 0 ? [] : [{ type: 'numeric', columns, impute, indicator: impute !== 'none', scale }];

const oneHot = (columns: string[], most: number): FeatureStep[] =>
  columns.length === 0 ? [] : [{ type: 'one_hot', columns, min_count: 1, max_categories: most }];

const target = (columns: string[]): FeatureStep[] =>
  columns.length === 0 ? [] : [{ type: 'target', columns, smoothing: 10, folds: 5 }];

const dates = (columns: string[], impute: Impute, scale: Scale): FeatureStep[] =>
  columns.length === 0 ? [] : [{ type: 'date_parts', columns, parts: dateParts, impute, scale }];
