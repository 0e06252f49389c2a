import { assertNever } from '#libs/kernel/index.js';
import type { Comparison, Filter } from './parse-filter.js';
import { fieldSql, type FieldType, type FieldValue, type Operator } from './schema.js';

/**
 * SQL condition of a filter, for `where`: null counts as false there. Values and keys are appended to `parameters`, whose
 * place there is that of their placeholders ($1 is the first).
 */
export function filterSql(filter: Filter, parameters: unknown[]): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.operands.map((operand) => filterSql(operand, parameters)).join(` ${filter.kind} `)})`;
    case 'not':
      // Null is false: `and` and `or` keep to that by themselves, `not` alone would make null of it.
      return `(${filterSql(filter.operand, parameters)} is not true)`;
    case 'comparison':
      return `(${comparisonSql(filter, parameters)})`;
  }
}

/** Appends a value to the parameters; gives its placeholder. */
export const parameterOf =
  (parameters: unknown[]) =>
  (value: unknown): string =>
    `$${parameters.push(value)}`;

function comparisonSql({ field, operator, values }: Comparison, parameters: unknown[]): string {
  const { definition } = field;
  const parameter = parameterOf(parameters);
  const on = (expression: string): string =>
    onExpression(expression, { operator, values, type: definition.type }, parameter);
  if (definition.compare === undefined) return on(fieldSql(field, parameter));
  const key = field.key === undefined ? '' : `${parameter(field.key)}::text`;
  return definition.compare({ key, operator, values, on, parameter });
}

interface Asked {
  readonly operator: Operator;
  readonly values: readonly FieldValue[];
  readonly type: FieldType;
}

function onExpression(expression: string, asked: Asked, parameter: (value: unknown) => string): string {
  const { operator, values, type } = asked;
  const sqlType = sqlTypeOf(type, values[0]);
  const value = (): string => `${parameter(values[0])}::${sqlType}`;
  const all = (): string => `${parameter(values)}::${sqlType}[]`;
  // Equal text has equal bytes whatever the collation; order has not.
  const ordered = sqlType === 'text' ? `${expression} collate "C"` : expression;
  switch (operator) {
    case 'is null':
    case 'is not null':
      return `${expression} ${operator}`;
    case '=':
    case '!=':
      return `${expression} ${operator} ${value()}`;
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'like':
    case 'not like':
      return `${ordered} ${operator} ${value()}`;
    case 'ilike':
    case 'not ilike':
      // Spelt out, because what `ilike` itself folds depends on the database's locale.
      return `lower(${ordered}) ${operator.replace('ilike', 'like')} lower(${value()} collate "C")`;
    case 'in':
      return `${expression} = any (${all()})`;
    case 'not in':
      return `${expression} <> all (${all()})`;
    default:
      return assertNever(operator, 'operator');
  }
}

function sqlTypeOf(type: FieldType, value: FieldValue | undefined): 'text' | 'double precision' | 'boolean' {
  const asked = type === 'scalar' ? typeof value : type;
  if (asked === 'number') return 'double precision';
  return asked === 'boolean' ? 'boolean' : 'text';
}
