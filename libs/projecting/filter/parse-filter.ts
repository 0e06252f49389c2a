import { z } from 'zod';
import type { Rejection } from '#libs/contracts/index.js';
import { isoTime, type Result } from '#libs/kernel/index.js';
import { findField, knownFields, operatorsOf } from './schema.js';
import type { Field, FieldType, FieldValue, FilterSchema, Matching, Operator } from './schema.js';
import { Tokens, type Token } from './tokens.js';
import { readable } from './unreadable.js';

export interface Comparison {
  readonly kind: 'comparison';
  readonly field: Field;
  readonly operator: Operator;
  /** None for `is null` and `is not null`, one or more for `in` and `not in`, else one. */
  readonly values: readonly FieldValue[];
}

/**
 * A condition on rows. It is true or false, never unknown: a comparison with a value that is missing is false, `!=`,
 * `not in` and `not like` included, and `not (…)` is the opposite of what stands in it.
 */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Filter[] }
  | { readonly kind: 'not'; readonly operand: Filter }
  | Comparison;

/** Most of each that one filter holds: what PostgreSQL is given to plan stays small. */
export const filterLimits = { depth: 32, comparisons: 64, values: 256 } as const;

/**
 * Reads a filter: `metrics.auc > 0.9 and stage in ("staging", "production") and not tags.team is null`. Refuses with
 * `invalid_filter`, whose error tells the character, what was expected and what was found.
 */
export const parseFilter = (text: string, schema: FilterSchema): Result<Filter, Rejection> =>
  readable({ text, code: 'invalid_filter', path: 'filter' }, () => new Parser(text, schema).filter());

class Parser {
  private readonly tokens: Tokens;
  private comparisons = 0;

  constructor(
    text: string,
    private readonly schema: FilterSchema,
  ) {
    this.tokens = new Tokens(text);
  }

  filter(): Filter {
    const filter = this.either(0);
    if (this.tokens.next.kind !== 'end') throw this.tokens.unexpected('and, or, or the end');
    return filter;
  }

  private either(depth: number): Filter {
    const operands = [this.all(depth)];
    while (this.tokens.takeKeyword('or')) operands.push(this.all(depth));
    return joined('or', operands);
  }

  private all(depth: number): Filter {
    const operands = [this.negatable(depth)];
    while (this.tokens.takeKeyword('and')) operands.push(this.negatable(depth));
    return joined('and', operands);
  }

  private negatable(depth: number): Filter {
    if (depth > filterLimits.depth)
      throw this.tokens.unexpected(`at most ${filterLimits.depth} levels of parentheses and not`);
    if (this.tokens.takeKeyword('not')) return { kind: 'not', operand: this.negatable(depth + 1) };
    if (!this.tokens.takeSymbol('(')) return this.comparison();
    const filter = this.either(depth + 1);
    if (!this.tokens.takeSymbol(')')) throw this.tokens.unexpected('and, or, or )');
    return filter;
  }

  private comparison(): Filter {
    this.comparisons += 1;
    if (this.comparisons > filterLimits.comparisons)
      throw this.tokens.unexpected(`at most ${filterLimits.comparisons} comparisons`);
    const field = takeField(this.tokens, this.schema, ', not, or (');
    const { next } = this.tokens;
    if (this.tokens.takeKeyword('is')) return this.nullity(field);
    const negated = this.tokens.takeKeyword('not');
    if (this.tokens.takeKeyword('in')) return this.membership(field, negated);
    if (this.tokens.next.kind === 'keyword' && this.tokens.next.word === 'between')
      return this.range(field, negated, next);
    return this.relation(field, negated, next);
  }

  private nullity(field: Field): Filter {
    const operator = this.tokens.takeKeyword('not') ? 'is not null' : 'is null';
    if (!this.tokens.takeKeyword('null'))
      throw this.tokens.unexpected(operator === 'is null' ? 'null or not null' : 'null');
    return { kind: 'comparison', field, operator, values: [] };
  }

  private membership(field: Field, negated: boolean): Filter {
    if (!this.tokens.takeSymbol('(')) throw this.tokens.unexpected('(');
    const values = [this.value(field)];
    while (this.tokens.takeSymbol(',')) {
      if (values.length === filterLimits.values)
        throw this.tokens.unexpected(`at most ${filterLimits.values} values within in (…)`);
      const { next } = this.tokens;
      values.push(this.value(field));
      if (typeof values.at(-1) !== typeof values[0]) throw this.tokens.unexpected('values of one type', next);
    }
    if (!this.tokens.takeSymbol(')')) throw this.tokens.unexpected('a comma or )');
    return { kind: 'comparison', field, operator: negated ? 'not in' : 'in', values };
  }

  private range(field: Field, negated: boolean, first: Token): Filter {
    if (!operatorsOf(field.definition.type).includes('<=')) throw this.wrongOperator(field, first);
    this.tokens.take();
    const from = this.value(field);
    if (!this.tokens.takeKeyword('and')) throw this.tokens.unexpected('and');
    const to = this.value(field);
    const bound = (operator: Operator, value: FieldValue): Filter => ({
      ...{ kind: 'comparison', field, operator, values: [value] },
    });
    return negated
      ? joined('or', [bound('<', from), bound('>', to)])
      : joined('and', [bound('>=', from), bound('<=', to)]);
  }

  private relation(field: Field, negated: boolean, first: Token): Filter {
    const { next } = this.tokens;
    const operators = operatorsOf(field.definition.type);
    const word = next.kind === 'symbol' && !negated ? next.symbol : next.kind === 'keyword' ? next.word : undefined;
    const operator = operators.find((known) => known === (negated ? `not ${word}` : word));
    if (operator === undefined) throw this.wrongOperator(field, first);
    this.tokens.take();
    const { next: written } = this.tokens;
    const value = this.value(field);
    if (isMatching(operator) && endsWithinEscape(String(value)))
      throw this.tokens.unexpected('a pattern that ends in no single \\', written);
    return { kind: 'comparison', field, operator, values: [value] };
  }

  private value({ definition: { type } }: Field): FieldValue {
    const { next } = this.tokens;
    const value = valueOf(next, type);
    if (value === undefined) throw this.tokens.unexpected(expectedValue(next, type));
    this.tokens.take();
    return value;
  }

  private wrongOperator({ definition: { type } }: Field, at: Token) {
    const known = operatorsOf(type);
    const range = known.includes('<=') ? ', between, not between' : '';
    return this.tokens.unexpected(`one of ${known.join(', ')}${range}`, at);
  }
}

/**
 * The field that stands next. `instead` tells in a refusal what else could stand there.
 * @throws Unreadable where none does.
 */
export function takeField(tokens: Tokens, schema: FilterSchema, instead = ''): Field {
  const { next } = tokens;
  const field = next.kind === 'name' ? findField(schema, next.segments) : undefined;
  if (field === undefined)
    throw tokens.unexpected(`a field (${knownFields(schema)})${next.kind === 'name' ? '' : instead}`);
  tokens.take();
  return field;
}

const joined = (kind: 'and' | 'or', operands: readonly Filter[]): Filter =>
  operands.length === 1 ? operands[0]! : { kind, operands };

const isMatching = (operator: Operator): operator is Matching => operator.endsWith('like');

/** PostgreSQL refuses a pattern whose last character is an escape. */
const endsWithinEscape = (pattern: string): boolean => /\\*$/.exec(pattern)![0].length % 2 === 1;

function valueOf(token: Token, type: FieldType): FieldValue | undefined {
  if (type === 'number') return token.kind === 'number' ? token.value : undefined;
  if (type === 'scalar') return valueOf(token, 'number') ?? valueOf(token, 'boolean') ?? valueOf(token, 'text');
  if (type === 'boolean') {
    const word = token.kind === 'keyword' ? token.word : undefined;
    return word === 'true' || word === 'false' ? word === 'true' : undefined;
  }
  if (token.kind !== 'string') return undefined;
  if (type === 'text') return token.value;
  if (type === 'instant') return instantOf(token.value);
  return type.includes(token.value) ? token.value : undefined;
}

const instant = z.iso.datetime({ offset: true });

/** As `isoTime` writes it; undefined for what rows cannot hold: parts of a millisecond, years of other than four digits. */
function instantOf(text: string): string | undefined {
  if (!instant.safeParse(text).success || /\.\d{4}/.test(text)) return undefined;
  const written = isoTime(Date.parse(text));
  return written.length === '2026-11-23T12:00:00.000Z'.length ? written : undefined;
}

function expectedValue(token: Token, type: FieldType): string {
  const hint = token.kind === 'keyword' && token.word === 'null' ? ' (what is missing is found with is null)' : '';
  return `${describe(type)}${hint}`;
}

function describe(type: FieldType): string {
  if (typeof type === 'object') return `one of ${type.map((word) => `"${word}"`).join(', ')}`;
  switch (type) {
    case 'text':
      return 'text in quotes';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'scalar':
      return 'a number, true, false or text in quotes';
    case 'instant':
      return 'an instant to the millisecond in quotes, for example "2026-11-23T12:00:00Z"';
  }
}
