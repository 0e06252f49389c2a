import type { z } from 'zod';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { rejection, type FieldError, type Rejection } from '../problems.js';
import { algorithmParameters, type Algorithm, type GivenParameters } from './algorithms.js';
import { messageOf, parameterNames, unknownParameter } from './read-parameters.js';
import type { ParameterRange, SearchSpaces } from './search.js';

type Value = GivenParameters[string];

/**
 * Whether every configuration that can be drawn from the spaces is one of its algorithm. Names are our own: of a space the
 * names are recorded as they are. Refused, all faults at once: `unknown_hyperparameter`, which names the near ones, or
 * `invalid_request`.
 * @param root path of the spaces, in front of each fault's.
 */
export function checkSpaces(spaces: SearchSpaces, root = 'search.spaces'): Result<SearchSpaces, Rejection> {
  const given = Object.entries(spaces) as [Algorithm, Record<string, ParameterRange>][];
  if (given.length === 0) return refused('invalid_request', [{ path: root, message: 'expected a space' }]);
  const ranges = given.flatMap(([algorithm, space]) =>
    Object.entries(space).map(([name, range]) => ({ algorithm, name, range, path: `${root}.${algorithm}.${name}` })),
  );
  const unknown = ranges
    .filter(({ algorithm, name }) => !parameterNames(algorithm).includes(name))
    .map(({ algorithm, name, path }) => ({ path, message: unknownParameter(algorithm, name) }));
  if (unknown.length > 0) return refused('unknown_hyperparameter', unknown);
  const errors = ranges.flatMap(({ algorithm, name, range, path }) =>
    rangeErrors(schemaOf(algorithm, name), range, path),
  );
  return errors.length > 0 ? refused('invalid_request', errors) : accept(spaces);
}

function refused(code: 'unknown_hyperparameter' | 'invalid_request', errors: FieldError[]) {
  const what = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return reject(rejection(code, `the spaces cannot be searched: ${what}`, errors));
}

const schemaOf = (algorithm: Algorithm, name: string): z.ZodType =>
  (algorithmParameters[algorithm].shape as Readonly<Record<string, z.ZodType>>)[name]!;

function rangeErrors(schema: z.ZodType, range: ParameterRange, path: string): FieldError[] {
  const errors = triedValues(range).flatMap(({ at, value }) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? [] : [{ path: `${path}.${at}`, message: parsed.error.issues.map(messageOf).join(', ') }];
  });
  if (errors.length > 0) return errors;
  if ('choice' in range) return repeated(range.choice, path);
  const [low] = 'int' in range ? range.int : range.float;
  if (range.log && low <= 0)
    return [{ path: `${path}.log`, message: `expected a range above 0, found one from ${low}` }];
  return [];
}

/** What is valid is an interval, or a list: the ends and one number between that is not whole tell of all. */
function triedValues(range: ParameterRange): { at: string; value: Value }[] {
  if ('choice' in range) return range.choice.map((value, index) => ({ at: `choice.${index}`, value }));
  if ('int' in range) return range.int.map((value, index) => ({ at: `int.${index}`, value }));
  const [low, high] = range.float;
  const ends = range.float.map((value, index) => ({ at: `float.${index}`, value }));
  return low === high ? ends : [...ends, { at: 'float', value: low + (high - low) / Math.SQRT2 }];
}

const repeated = (choice: readonly Value[], path: string): FieldError[] =>
  choice.flatMap((value, index) =>
    choice.indexOf(value) === index
      ? []
      : [{ path: `${path}.choice.${index}`, message: `expected each value once, found ${String(value)} again` }],
  );
