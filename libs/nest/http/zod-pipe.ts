import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { fieldErrorsOf, rejection, type FieldError } from '#libs/contracts/index.js';
import { ProblemException } from './problem-exception.js';

/** `@Body(new ZodPipe(schema)) body`: the validated body, query or parameters of a Nest controller. */
export class ZodPipe<Schema extends z.ZodType> implements PipeTransform<unknown, z.output<Schema>> {
  /** @param root put before each path: '' for a body, `query` for a query. */
  constructor(
    private readonly schema: Schema,
    private readonly root = '',
  ) {}

  transform(value: unknown): z.output<Schema> {
    return parseOrThrow(this.schema, value, this.root);
  }
}

/**
 * The value as the schema gives it.
 * @throws ProblemException 422 `invalid_request` with a path for each error; 400 `malformed_body` when a body (`root`
 * is '') should be a JSON object and is none.
 */
export function parseOrThrow<Schema extends z.ZodType>(schema: Schema, value: unknown, root = ''): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  if (root === '' && isNoObject(value) && wantsObject(parsed.error)) {
    throw new ProblemException(rejection('malformed_body', `the body must be a JSON object, not ${kindOf(value)}`));
  }
  const errors = errorsOf(parsed.error, value, root);
  const named = errors.slice(0, errorsInDetail).map(({ path, message }) => `${path}: ${message}`);
  const more = errors.length > named.length ? [`and ${errors.length - named.length} more`] : [];
  throw new ProblemException(
    rejection('invalid_request', [...named, ...more].join('; '), errors.slice(0, errorsListed)),
  );
}

const errorsInDetail = 3;

/** A batch of ten thousand wrong rows is refused with the first of its errors, not with ten thousand. */
const errorsListed = 100;

const isNoObject = (value: unknown): boolean => typeof value !== 'object' || value === null || Array.isArray(value);

const wantsObject = (error: z.ZodError): boolean =>
  error.issues.some(({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_union'));

function kindOf(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** A parameter that was given more than once arrives as an array: whatever else is wrong with it, it is this. */
function errorsOf(error: z.ZodError, value: unknown, root: string): FieldError[] {
  const repeated = root === 'query' && !isNoObject(value) ? repeatedIn(value as object) : [];
  const paths = repeated.map((name) => `${root}.${name}`);
  return [
    ...paths.map((path) => ({ path, message: 'expected a single value; the parameter is given more than once' })),
    ...fieldErrorsOf(error, root).filter(({ path }) => !paths.includes(path)),
  ];
}

const repeatedIn = (query: object): string[] =>
  Object.entries(query).flatMap(([name, value]) => (Array.isArray(value) ? [name] : []));
