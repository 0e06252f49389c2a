import { z } from 'zod';
import { shownValue, type ConfigurationProblem } from './problem.js';

type Issue = z.core.$ZodIssue;

/** What a schema found wrong in `input`, each key with its value and what it should have been. */
export function problemsOf(
  error: z.ZodError,
  schema: z.ZodType,
  input: unknown,
  source: string,
): ConfigurationProblem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey(issue, key, schema, input, source));
    return [problemAt(issue.path, input, source, expectationOf(issue))];
  });
}

function unknownKey(
  issue: Issue,
  key: string,
  schema: z.ZodType,
  input: unknown,
  source: string,
): ConfigurationProblem {
  const known = keysAt(schema, issue.path);
  const expected = known.length === 0 ? 'no such key' : `one of the keys ${known.join(', ')}`;
  return problemAt([...issue.path, key], input, source, expected);
}

function problemAt(path: readonly PropertyKey[], input: unknown, source: string, expected: string) {
  const value = shownValue(String(path.at(-1) ?? ''), valueAt(input, path));
  return { source, path: path.map(String).join('.'), expected, ...(value === undefined ? {} : { value }) };
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** Keys of the object schema at a path; none where there is no object. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at = unwrapped(schema);
  for (const key of path) {
    const next = memberOf(at, key);
    if (next === undefined) return [];
    at = unwrapped(next);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function memberOf(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  return schema instanceof z.ZodObject ? (schema.shape as Record<PropertyKey, z.ZodType | undefined>)[key] : undefined;
}

function unwrapped(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** What should have been there, to be read after "expected". */
function expectationOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : `${article(issue.expected)} ${issue.expected}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin)}`;
    case 'invalid_value':
      return `one of ${issue.values.map((value) => String(value)).join(', ')}`;
    case 'invalid_union':
      return issue.errors.flatMap((errors) => errors.map(expectationOf)).join(' or ');
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return issue.format === 'url' ? 'a URL' : issue.message;
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return issue.message;
  }
}

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? 'an' : 'a');

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' items' : '';
}
