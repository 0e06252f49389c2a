/**
 * What lists can be narrowed and ordered by. `instant` is text as `isoTime` writes it, so that the order of its bytes is
 * that of time; a list of words is an enumeration, ordered as it is written here. A `scalar` is a text, a number or a flag,
 * each row's as it was given: a value of another type than the one asked for is as good as missing. Its field has a
 * `compare`; its `sql` is the text that it is ordered by.
 */
export type FieldType = 'text' | 'number' | 'boolean' | 'instant' | 'scalar' | readonly string[];

/** A value as rows have it: instants and words of an enumeration are text, numbers are finite. */
export type FieldValue = string | number | boolean;

interface Definition {
  readonly type: FieldType;
  /**
   * Compiles comparisons in another way than `sql operator value`, for example to `exists` on an indexed table. Where the
   * value is missing it must be false or null, but for `is null`.
   */
  readonly compare?: (comparison: ComparisonInSql) => string;
}

export interface FieldDefinition extends Definition {
  /** SQL expression of the value; null where it is missing. */
  readonly sql: string;
  /**
   * An index of the column shall serve the order: the column is never null and its text has at most 128 characters
   * (see `sortedLength`).
   */
  readonly indexed?: true;
}

/** Fields that rows name themselves: `metrics.auc`, `tags."team name"`. */
export interface FamilyDefinition extends Definition {
  /** SQL expression of the value; `key` is the placeholder of the key, a text. */
  readonly sql: (key: string) => string;
}

export interface FilterSchema {
  readonly fields: Readonly<Record<string, FieldDefinition>>;
  readonly families?: Readonly<Record<string, FamilyDefinition>>;
}

/** A field of a schema, found. */
export interface Field {
  /** Of the field, or of the family. */
  readonly name: string;
  /** Within a family. */
  readonly key: string | undefined;
  readonly definition: FieldDefinition | FamilyDefinition;
}

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in' | Matching | 'is null' | 'is not null';
export type Matching = 'like' | 'not like' | 'ilike' | 'not ilike';

/** A comparison on its way to SQL. */
export interface ComparisonInSql {
  /** Placeholder of the key, a text, which must be used; empty for a field that is not of a family. */
  readonly key: string;
  readonly operator: Operator;
  /** None for `is null` and `is not null`, one or more for `in` and `not in`, else one. */
  readonly values: readonly FieldValue[];
  /** The comparison of another expression of the same type: null or false where that is null, but for `is null`. */
  readonly on: (expression: string) => string;
  /** Makes a value a parameter; gives its placeholder, which may need a cast. */
  readonly parameter: (value: unknown) => string;
}

const comparing = ['<', '<=', '>', '>='] as const;
const always = ['=', '!=', 'in', 'not in', 'is null', 'is not null'] as const;
const matching = ['like', 'not like', 'ilike', 'not ilike'] as const;

/** What a type can be asked. `between` is written with `<=` and `>=`. */
export function operatorsOf(type: FieldType): readonly Operator[] {
  if (type === 'text') return [...always, ...comparing, ...matching];
  return type === 'number' || type === 'instant' || type === 'scalar' ? [...always, ...comparing] : always;
}

/** Undefined where the schema has no such field. The parts of a key are put together with dots. */
export function findField(schema: FilterSchema, segments: readonly string[]): Field | undefined {
  const name = segments.join('.');
  if (Object.hasOwn(schema.fields, name)) return { name, key: undefined, definition: schema.fields[name]! };
  const [family, ...key] = segments as [string, ...string[]];
  const families = schema.families ?? {};
  if (key.length === 0 || !Object.hasOwn(families, family)) return undefined;
  return { name: family, key: key.join('.'), definition: families[family]! };
}

/** How refusals tell the fields there are. */
export const knownFields = ({ fields, families = {} }: FilterSchema): string =>
  [...Object.keys(fields), ...Object.keys(families).map((family) => `${family}.…`)].join(', ');

/** SQL expression of a field; `parameter` is asked for the key of a family. */
export const fieldSql = ({ key, definition }: Field, parameter: (value: unknown) => string): string =>
  typeof definition.sql === 'string' ? definition.sql : definition.sql(`${parameter(key)}::text`);
