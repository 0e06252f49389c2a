import { accept, assertNever, type Result } from '#libs/kernel/index.js';
import type { FeatureMatrix, FeaturePipeline, FeatureStep, Table } from '#libs/contracts/index.js';
import { orRefusal, Refused, type DatasetRefusal } from '../refusal.js';
import { fitAdjustment } from './adjustment.js';
import { binEdges } from './bins.js';
import { categoryPositions, countCategories } from './categories.js';
import { datePartsOf } from './date-parts.js';
import type { Category, FittedFeatures, FittedStep } from './fitted.js';
import { namedOutputs, widthOf } from './outputs.js';
import { rawColumnsOf } from './raw-columns.js';
import { encodeOutOfFold, encodeTarget, targetOutputs, targetsOf, type Supervision } from './target-encoding.js';
import { RowSource, transformFeatures, type TransformOptions } from './transform.js';

/** Of an ordinal or target encoding: it is written into every model. */
const mostCategories = 10_000;
/** Of target encodings of many classes: categories times classes. */
const mostEncoded = 1_000_000;
/** Columns of a feature matrix. */
const mostColumns = 10_000;

/**
 * Fits a pipeline to the given rows (null: all). What can be missing, and whether a value can be served at all, is
 * judged by the whole table, so that the folds of one table make graphs of one kind.
 * @param supervision by row of the table; used by target encodings alone.
 */
export function fitFeatures(
  table: Table,
  rows: Int32Array | null,
  pipeline: FeaturePipeline,
  supervision: Supervision,
): Result<FittedFeatures, DatasetRefusal> {
  return orRefusal(() => {
    const source = new RowSource(table, rows);
    if (source.count === 0) throw new Refused('unfit', null, 'no rows, expected at least one');
    const inputs = rawColumnsOf(table, pipeline);
    const steps = joinInteractions(pipeline.flatMap((step) => fitStep(step, source, supervision)));
    const width = steps.reduce((sum, step) => sum + widthOf(step), 0);
    if (width > mostColumns) {
      throw new Refused('too_large', null, `${width} columns of features, expected at most ${mostColumns}`);
    }
    return accept({ version: 1, inputs, steps, outputs: namedOutputs(steps, inputs) });
  });
}

/**
 * As `fitFeatures`, with the features of these rows to train on: a target encoding gives each of them the mean of the
 * other folds' rows, so that no feature of a row holds its own target.
 */
export function fitTransformFeatures(
  table: Table,
  rows: Int32Array | null,
  pipeline: FeaturePipeline,
  supervision: Supervision,
  options: TransformOptions = {},
): Result<{ readonly fitted: FittedFeatures; readonly matrix: FeatureMatrix }, DatasetRefusal> {
  const fitting = fitFeatures(table, rows, pipeline, supervision);
  if (!fitting.ok) return fitting;
  const fitted = fitting.value;
  const matrix = transformFeatures(fitted, table, rows, options);
  replaceTargetColumns(fitted, matrix, new RowSource(table, rows), pipeline, supervision);
  return accept({ fitted, matrix });
}

function fitStep(step: FeatureStep, source: RowSource, supervision: Supervision): FittedStep[] {
  switch (step.type) {
    case 'numeric': {
      const { type, columns, indicator, impute, scale } = step;
      const singles = impute === 'none' && scale === 'none' ? [] : columns.map((name) => source.singles(name));
      return [{ type, columns, indicator, ...fitAdjustment(singles, impute, scale) }];
    }
    case 'one_hot':
      return step.columns.map((column) => {
        const frequent = countCategories(source.column(column), source.rows).filter(
          ({ count }) => count >= step.min_count,
        );
        // The sort is stable: among equals the order of their text stays.
        const categories = frequent.sort((a, b) => b.count - a.count).slice(0, step.max_categories);
        return { type: 'one_hot', column, categories: categories.map(({ category }) => category) };
      });
    case 'ordinal':
      return step.columns.map((column) => ({ type: 'ordinal', column, categories: allCategories(column, source) }));
    case 'target': {
      const targets = targetsOf(source.rows, supervision);
      return step.columns.map((column) => {
        const categories = allCategories(column, source);
        refuseTooManyEncoded(column, categories.length * targetOutputs(supervision.classes));
        const positions = categoryPositions(source.column(column), source.rows, categories);
        return {
          type: 'target',
          column,
          categories,
          ...encodeTarget(positions, categories.length, targets, step.smoothing),
        };
      });
    }
    case 'date_parts': {
      const { type, columns, parts, impute, scale } = step;
      const fields = columns.flatMap((name) => datePartsOf(source.numberColumn(name).values, source.rows, parts));
      return [{ type, columns, parts, ...fitAdjustment(fields, impute, scale) }];
    }
    case 'bins': {
      const { type, columns, bins, strategy } = step;
      return [{ type, columns, edges: columns.map((name) => binEdges(source.singles(name), bins, strategy)) }];
    }
    case 'interaction':
      return [{ type: 'interaction', pairs: [step.columns] }];
    default:
      return assertNever(step, 'feature step');
  }
}

/** Steps in a row that make products are one product of two matrices. */
function joinInteractions(steps: readonly FittedStep[]): FittedStep[] {
  const joined: FittedStep[] = [];
  for (const step of steps) {
    const last = joined.at(-1);
    if (step.type === 'interaction' && last?.type === 'interaction') {
      joined[joined.length - 1] = { type: 'interaction', pairs: [...last.pairs, ...step.pairs] };
    } else joined.push(step);
  }
  return joined;
}

function allCategories(column: string, source: RowSource): Category[] {
  const categories = countCategories(source.column(column), source.rows).map(({ category }) => category);
  if (categories.length <= mostCategories) return categories;
  const detail = `${categories.length} categories, expected at most ${mostCategories}: take the most frequent by one_hot`;
  throw new Refused('too_large', `column '${column}'`, detail);
}

function refuseTooManyEncoded(column: string, values: number): void {
  if (values <= mostEncoded) return;
  const detail = `categories times classes are ${values}, expected at most ${mostEncoded}`;
  throw new Refused('too_large', `column '${column}'`, detail);
}

/** A step of the pipeline on several columns was fitted column by column, in their order. */
function replaceTargetColumns(
  fitted: FittedFeatures,
  matrix: FeatureMatrix,
  source: RowSource,
  pipeline: FeaturePipeline,
  supervision: Supervision,
): void {
  const settings = pipeline.flatMap((step) => (step.type === 'target' ? step.columns.map(() => step) : []));
  if (settings.length === 0) return;
  const targets = targetsOf(source.rows, supervision);
  let next = 0;
  let first = 0;
  for (const step of fitted.steps) {
    if (step.type === 'target') {
      const { smoothing, folds } = settings[next++]!;
      const positions = categoryPositions(source.column(step.column), source.rows, step.categories);
      const encoded = encodeOutOfFold(positions, step.categories.length, targets, {
        smoothing,
        folds,
        seed: supervision.seed,
      });
      for (const [output, column] of encoded.entries()) matrix.columns[first + output]!.set(column);
    }
    first += widthOf(step);
  }
}
