import { assertNever } from '#libs/kernel/index.js';
import type { FeatureMatrix, NumberColumn, Table, TableColumn } from '#libs/contracts/index.js';
import { adjust } from './adjustment.js';
import { toBins } from './bins.js';
import { categoryPositions } from './categories.js';
import { datePartsOf } from './date-parts.js';
import type { FittedFeatures, FittedStep, TargetStep } from './fitted.js';
import { columnsByName } from './raw-columns.js';

export interface TransformOptions {
  /** Columns on shared memory, for threads. */
  readonly shared?: boolean;
}

/**
 * The features of the given rows (null: of all), each the very float32 that the graph of `featureGraph` gives for the
 * same raw values.
 * @throws TypeError when the table lacks a column that was fitted, or has it of another type.
 */
export function transformFeatures(
  fitted: FittedFeatures,
  table: Table,
  rows: Int32Array | null,
  options: TransformOptions = {},
): FeatureMatrix {
  const source = new RowSource(table, rows);
  const columns = fitted.steps.flatMap((step) => transformStep(step, source));
  return {
    rows: source.count,
    names: fitted.outputs.map(({ name }) => name),
    columns: options.shared === true ? columns.map(onSharedMemory) : columns,
  };
}

/** Chosen rows of a table. */
export class RowSource {
  readonly rows: Int32Array | null;
  readonly count: number;
  readonly #columns: ReadonlyMap<string, TableColumn>;

  constructor(table: Table, rows: Int32Array | null) {
    this.rows = rows;
    this.count = rows?.length ?? table.rows;
    this.#columns = columnsByName(table);
  }

  column(name: string): TableColumn {
    const column = this.#columns.get(name);
    if (column === undefined) throw new TypeError(`the table has no column '${name}'`);
    return column;
  }

  numberColumn(name: string): NumberColumn {
    const column = this.column(name);
    if (!('values' in column)) throw new TypeError(`column '${name}' is ${column.type}, expected numbers`);
    return column;
  }

  /** Rounded to float32, as serving feeds them. */
  singles(name: string): Float32Array {
    const { values } = this.numberColumn(name);
    if (this.rows === null) return new Float32Array(values);
    const singles = new Float32Array(this.count);
    for (let at = 0; at < singles.length; at++) singles[at] = values[this.rows[at]!]!;
    return singles;
  }
}

function transformStep(step: FittedStep, source: RowSource): Float32Array[] {
  switch (step.type) {
    case 'numeric': {
      const columns = step.columns.map((name) => source.singles(name));
      const indicators = step.indicator ? columns.map(missingIndicator) : [];
      for (const [at, column] of columns.entries()) adjust(column, at, step);
      return [...columns, ...indicators];
    }
    case 'one_hot':
      return oneHot(positionsOf(step, source), step.categories.length);
    case 'ordinal':
      return [new Float32Array(positionsOf(step, source))];
    case 'target':
      return targetColumns(step, source);
    case 'date_parts': {
      const columns = step.columns.flatMap((name) =>
        datePartsOf(source.numberColumn(name).values, source.rows, step.parts),
      );
      for (const [at, column] of columns.entries()) adjust(column, at, step);
      return columns;
    }
    case 'bins':
      return step.columns.map((name, at) => {
        const column = source.singles(name);
        toBins(column, step.edges[at]!);
        return column;
      });
    case 'interaction':
      return step.pairs.map(([left, right]) => {
        const others = source.singles(right);
        return source.singles(left).map((value, row) => value * others[row]!);
      });
    default:
      return assertNever(step, 'feature step');
  }
}

const missingIndicator = (column: Float32Array): Float32Array => column.map((value) => (Number.isNaN(value) ? 1 : 0));

const positionsOf = (
  { column, categories }: Pick<TargetStep, 'column' | 'categories'>,
  source: RowSource,
): Int32Array => categoryPositions(source.column(column), source.rows, categories);

function oneHot(positions: Int32Array, categories: number): Float32Array[] {
  const columns = Array.from({ length: categories + 1 }, () => new Float32Array(positions.length));
  for (let row = 0; row < positions.length; row++) {
    const position = positions[row]!;
    columns[position < 0 ? categories : position]![row] = 1;
  }
  return columns;
}

function targetColumns(step: TargetStep, source: RowSource): Float32Array[] {
  const positions = positionsOf(step, source);
  return step.otherwise.map((otherwise, output) => {
    const values = Float32Array.from(step.values, (byOutput) => byOutput[output]!);
    return new Float32Array(positions.length).map((_, row) => values[positions[row]!] ?? otherwise);
  });
}

function onSharedMemory(column: Float32Array): Float32Array {
  const shared = new Float32Array(new SharedArrayBuffer(column.byteLength));
  shared.set(column);
  return shared;
}
