/** For specs: filters and orders in memory, as PostgreSQL evaluates them. */
import { assertNever } from '#libs/kernel/index.js';
import type { Comparison, Filter } from '../filter/parse-filter.js';
import type { Field, FieldType, FieldValue } from '../filter/schema.js';
import { sortedLength, type Sort } from '../filter/sort.js';

/** The value of a row's field; null where it is missing. */
export type ValueOf = (field: Pick<Field, 'name' | 'key'>) => FieldValue | null;

/** Whether a row is among those that `filterSql` finds. For fields whose `compare` means what `sql` means. */
export function matches(filter: Filter, valueOf: ValueOf): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.operands.every((operand) => matches(operand, valueOf));
    case 'or':
      return filter.operands.some((operand) => matches(operand, valueOf));
    case 'not':
      return !matches(filter.operand, valueOf);
    case 'comparison':
      return holds(filter, valueOf(filter.field));
  }
}

export interface SortedRow {
  readonly valueOf: ValueOf;
  /** In the order of `Sort.keys`. */
  readonly keys: readonly (string | number)[];
}

/** Compares two rows as `pageSql` orders them. */
export const inOrder =
  ({ order }: Pick<Sort, 'order'>) =>
  (a: SortedRow, b: SortedRow): number => {
    for (const { field, direction } of order) {
      const { type } = field.definition;
      const [left, right] = [sortedAs(a.valueOf(field), type), sortedAs(b.valueOf(field), type)];
      if (left === null || right === null) {
        if (left !== right) return left === null ? 1 : -1;
        continue;
      }
      const compared = compare(left, right);
      if (compared !== 0) return direction === 'asc' ? compared : -compared;
    }
    const differs = a.keys.findIndex((key, index) => key !== b.keys[index]);
    return differs === -1 ? 0 : compare(a.keys[differs]!, b.keys[differs]!);
  };

function holds({ operator, values }: Comparison, value: FieldValue | null): boolean {
  if (operator === 'is null' || operator === 'is not null') return (value === null) === (operator === 'is null');
  if (value === null) return false;
  const asked = values[0]!;
  // Of a scalar: what is of another type is as good as missing.
  if (typeof value !== typeof asked) return false;
  switch (operator) {
    case '=':
      return value === asked;
    case '!=':
      return value !== asked;
    case '<':
      return compare(value, asked) < 0;
    case '<=':
      return compare(value, asked) <= 0;
    case '>':
      return compare(value, asked) > 0;
    case '>=':
      return compare(value, asked) >= 0;
    case 'in':
      return values.includes(value);
    case 'not in':
      return !values.includes(value);
    case 'like':
    case 'not like':
      return isLike(String(value), String(asked)) === (operator === 'like');
    case 'ilike':
    case 'not ilike':
      return isLike(lower(String(value)), lower(String(asked))) === (operator === 'ilike');
    default:
      return assertNever(operator, 'operator');
  }
}

function compare(a: FieldValue, b: FieldValue): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) - Number(b);
}

function sortedAs(value: FieldValue | null, type: FieldType): FieldValue | null {
  if (value === null) return null;
  if (typeof type === 'object') return type.includes(String(value)) ? type.indexOf(String(value)) : null;
  return typeof value === 'string' ? Array.from(value).slice(0, sortedLength).join('') : value;
}

const lower = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/** `%` is any text, `_` one character; a character behind a backslash is itself. */
function isLike(text: string, pattern: string): boolean {
  const parts = [...pattern.matchAll(/\\(.)|(%)|(_)|(.)/gsu)].map(([, escaped, any, one, plain]) => {
    if (any !== undefined) return '[^]*';
    return one === undefined ? (escaped ?? plain!).replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`) : '[^]';
  });
  return new RegExp(`^${parts.join('')}$`, 'u').test(text);
}
