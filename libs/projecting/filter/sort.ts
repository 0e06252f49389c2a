import { isStorable, type Rejection } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import { parameterOf } from './filter-sql.js';
import { takeField } from './parse-filter.js';
import { fieldSql, type Field, type FieldType, type FieldValue, type FilterSchema } from './schema.js';
import { Tokens } from './tokens.js';
import { readable } from './unreadable.js';

export interface OrderTerm {
  readonly field: Field;
  readonly direction: 'asc' | 'desc';
}
export type Order = readonly OrderTerm[];

/** A column that is never null; together the keys of a list tell every two of its rows apart. */
export interface SortKey {
  readonly sql: string;
  readonly type: 'text' | 'integer';
}

/** How a list is ordered: by what was asked for, and where that is equal by its keys, ascending. */
export interface Sort {
  readonly order: Order;
  readonly keys: readonly SortKey[];
}

/** What a row is sorted by: one value per term and key; null where it is missing. */
export type SortValues = readonly (FieldValue | null)[];

/** Text is ordered by its first characters, this many, so that a cursor stays short; the keys decide beyond. */
export const sortedLength = 128;

/** Most terms of one order. */
export const orderLimit = 4;

/** Reads `metrics.auc desc, name`. Refuses with `invalid_order`, whose error tells the character as a filter's does. */
export const parseOrder = (text: string, schema: FilterSchema): Result<Order, Rejection> =>
  readable({ text, code: 'invalid_order', path: 'order_by' }, () => {
    const tokens = new Tokens(text);
    const terms: OrderTerm[] = [];
    do {
      const { next } = tokens;
      if (terms.length === orderLimit) throw tokens.unexpected(`at most ${orderLimit} fields`);
      const field = takeField(tokens, schema);
      if (terms.some((term) => isSame(term.field, field))) throw tokens.unexpected('each field once', next);
      const direction = tokens.takeKeyword('desc') ? 'desc' : 'asc';
      const written = direction === 'desc' || tokens.takeKeyword('asc');
      if (tokens.next.kind !== 'end' && !(tokens.next.kind === 'symbol' && tokens.next.symbol === ','))
        throw tokens.unexpected(written ? 'a comma or the end' : 'asc, desc, a comma or the end');
      terms.push({ field, direction });
    } while (tokens.takeSymbol(','));
    return terms;
  });

export interface PageSql {
  /** For `select`: what rows are sorted by, as `sort_1`, `sort_2`, …; see `sortValuesOf`. */
  readonly columns: string;
  /** For `order by`. */
  readonly orderBy: string;
  /** For `where`: the row comes after the last one of the page before; `true` for the first page. */
  readonly after: string;
}

/**
 * SQL of one page. What is missing comes last in both directions; enumerations are in the order of their declaration,
 * text in that of its bytes. `after` are the sort values of the page before's last row.
 */
export function pageSql(sort: Sort, after: SortValues | undefined, parameters: unknown[]): PageSql {
  const columns = sortColumns(sort, parameterOf(parameters));
  return {
    columns: columns.map(({ sql }, index) => `${sql} as ${columnName(index)}`).join(', '),
    orderBy: columns.map(termSql).join(', '),
    after: after === undefined ? 'true' : afterSql(columns, after, parameterOf(parameters)),
  };
}

/** What a row of a page was sorted by. */
export const sortValuesOf = ({ order, keys }: Sort, row: Readonly<Record<string, unknown>>): SortValues =>
  Array.from({ length: order.length + keys.length }, (_, index) => row[columnName(index)] as FieldValue | null);

/** Whether values that came from outside can be those of a row in this order. */
export function areSortValues({ order, keys }: Sort, values: readonly unknown[]): values is SortValues {
  const types = [...order.map(({ field }) => field.definition.type), ...keys.map(({ type }) => type)];
  return (
    values.length === types.length &&
    types.every((type, index) => isOfType(values[index], type) || (values[index] === null && index < order.length))
  );
}

interface SortColumn {
  readonly sql: string;
  /** Type of its values in SQL. */
  readonly type: 'text' | 'double precision' | 'boolean' | 'integer' | 'bigint';
  readonly direction: 'asc' | 'desc';
  readonly nullable: boolean;
}

const columnName = (index: number): string => `sort_${index + 1}`;

const sortColumns = ({ order, keys }: Sort, parameter: (value: unknown) => string): SortColumn[] => [
  ...order.map((term) => termColumn(term, parameter)),
  ...keys.map(({ sql, type }): SortColumn => {
    const expression = type === 'text' ? `${sql} collate "C"` : sql;
    return { sql: expression, type: type === 'text' ? 'text' : 'bigint', direction: 'asc', nullable: false };
  }),
];

function termColumn({ field, direction }: OrderTerm, parameter: (value: unknown) => string): SortColumn {
  const { definition } = field;
  const { type } = definition;
  const expression = fieldSql(field, parameter);
  const nullable = !('indexed' in definition && definition.indexed === true);
  if (typeof type === 'object') {
    const sql = `array_position(${parameter(type)}::text[], ${expression})`;
    return { sql, type: 'integer', direction, nullable: true };
  }
  if (type === 'number') return { sql: expression, type: 'double precision', direction, nullable };
  if (type === 'boolean') return { sql: expression, type: 'boolean', direction, nullable };
  const text = nullable ? `left(${expression}, ${sortedLength})` : expression;
  return { sql: `${text} collate "C"`, type: 'text', direction, nullable };
}

/** `nulls last` is left out where there are none: with `desc` no index would serve it. */
const termSql = ({ sql, direction, nullable }: SortColumn): string =>
  `${sql} ${direction}${nullable ? ' nulls last' : ''}`;

/** The row's values come after `values`: at the first term in which they differ. */
function afterSql(columns: readonly SortColumn[], values: SortValues, parameter: (value: unknown) => string): string {
  const compared = columns.map((column, index) => {
    const value = values[index] ?? null;
    return { ...column, value: value === null ? null : `${parameter(value)}::${column.type}` };
  });
  const { direction } = columns[0]!;
  // One comparison of whole rows, where one can say it: an index is entered at the place.
  if (columns.every((column) => column.direction === direction && !column.nullable))
    return `(${columns.map(({ sql }) => sql).join(', ')}) ${beyond(direction)} (${compared.map(({ value }) => value).join(', ')})`;
  const ways = compared.flatMap((column, index) => {
    if (column.value === null) return [];
    const same = compared
      .slice(0, index)
      .map(({ sql, value }) => (value === null ? `${sql} is null` : `${sql} = ${value}`));
    const further = `${column.sql} ${beyond(column.direction)} ${column.value}`;
    return [`(${[...same, column.nullable ? `(${further} or ${column.sql} is null)` : further].join(' and ')})`];
  });
  return `(${ways.join(' or ')})`;
}

const beyond = (direction: 'asc' | 'desc'): '>' | '<' => (direction === 'asc' ? '>' : '<');

function isOfType(value: unknown, type: FieldType | 'integer'): boolean {
  switch (type) {
    case 'text':
    case 'scalar':
    case 'instant':
      return typeof value === 'string' && isStorable(value);
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isSafeInteger(value);
    default:
      // The place in the enumeration, from 1.
      return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= type.length;
  }
}

const isSame = (a: Field, b: Field): boolean => a.name === b.name && a.key === b.key;
