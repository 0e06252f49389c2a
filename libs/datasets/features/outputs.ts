import { assertNever } from '#libs/kernel/index.js';
import type { ColumnType } from '#libs/contracts/index.js';
import { categoryText } from './categories.js';
import type { FeatureColumn, FittedStep, RawColumn } from './fitted.js';

/** The columns of a feature matrix, in its order; a name that comes again gets a number: `age#2`. */
export function namedOutputs(steps: readonly FittedStep[], inputs: readonly RawColumn[]): FeatureColumn[] {
  const types = new Map(inputs.map(({ name, type }) => [name, type]));
  const names = new Set<string>();
  return steps
    .flatMap((step) => outputsOf(step, types))
    .map(({ name, sources }) => {
      const unique = uniqueName(name, names);
      names.add(unique);
      return { name: unique, sources };
    });
}

/** How many columns a step gives. */
export function widthOf(step: FittedStep): number {
  switch (step.type) {
    case 'numeric':
      return step.columns.length * (step.indicator ? 2 : 1);
    case 'one_hot':
      return step.categories.length + 1;
    case 'ordinal':
      return 1;
    case 'target':
      return step.otherwise.length;
    case 'date_parts':
      return step.columns.length * step.parts.length;
    case 'bins':
      return step.columns.length;
    case 'interaction':
      return step.pairs.length;
    default:
      return assertNever(step, 'feature step');
  }
}

function outputsOf(step: FittedStep, types: ReadonlyMap<string, ColumnType>): FeatureColumn[] {
  switch (step.type) {
    case 'numeric': {
      const values = step.columns.map((column) => from(column, column));
      return step.indicator ? [...values, ...step.columns.map((column) => from(column, `${column}?missing`))] : values;
    }
    case 'one_hot': {
      const { column, categories } = step;
      const texts = categories.map((category) => categoryText(category, types.get(column)!));
      return [...texts, '?'].map((text) => from(column, `${column}=${text}`));
    }
    case 'ordinal':
      return [from(step.column, `${step.column}.rank`)];
    case 'target': {
      const { column, otherwise } = step;
      if (otherwise.length === 1) return [from(column, `${column}.target`)];
      return otherwise.map((_, output) => from(column, `${column}.target.${output + 1}`));
    }
    case 'date_parts':
      return step.columns.flatMap((column) => step.parts.map((part) => from(column, `${column}.${part}`)));
    case 'bins':
      return step.columns.map((column) => from(column, `${column}.bin`));
    case 'interaction':
      return step.pairs.map(([left, right]) => ({
        name: `${left}*${right}`,
        sources: left === right ? [left] : [left, right],
      }));
    default:
      return assertNever(step, 'feature step');
  }
}

const from = (column: string, name: string): FeatureColumn => ({ name, sources: [column] });

function uniqueName(name: string, taken: ReadonlySet<string>): string {
  let unique = name;
  for (let number = 2; taken.has(unique); number++) unique = `${name}#${number}`;
  return unique;
}
