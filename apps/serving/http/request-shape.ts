/**
 * The shape of a predict body, checked by hand: zod takes several microseconds a request, more than the model. A body
 * that does not pass is given to zod, which explains it.
 */
import { api, fieldErrorsOf, rejection, type Rejection } from '#libs/contracts/index.js';
import type { z } from 'zod';
import { isObject } from '../json-object.js';

export interface Traits {
  readonly requestId: string | undefined;
  readonly subjectId: string | undefined;
  readonly routingKey: string | undefined;
}

export interface PredictBody extends Traits {
  readonly deployment: string;
  readonly input: object;
}

export interface BatchBody extends Traits {
  readonly deployment: string;
  readonly inputs: readonly unknown[];
}

/** The body, or null for one that `explain` refuses. Features are not looked at. */
export function readPredict(body: unknown): PredictBody | null {
  if (!isObject(body)) return null;
  const fields = new Fields();
  for (const key in body) {
    const value = body[key];
    if (key === 'input') {
      if (!isObject(value)) return null;
      fields.input = value;
    } else if (!fields.take(key, value)) return null;
  }
  return fields.input === noInput || fields.deployment === '' ? null : fields;
}

/** The same for a batch: rows are looked at one by one when they are encoded. */
export function readBatch(body: unknown): BatchBody | null {
  if (!isObject(body)) return null;
  const fields = new Fields();
  let inputs: readonly unknown[] | null = null;
  for (const key in body) {
    const value = body[key];
    if (key === 'inputs') {
      if (!Array.isArray(value) || value.length === 0 || value.length > api.batchLimits.rows) return null;
      inputs = value as readonly unknown[];
    } else if (!fields.take(key, value)) return null;
  }
  if (inputs === null || fields.deployment === '') return null;
  const { deployment, requestId, subjectId, routingKey } = fields;
  return { deployment, inputs, requestId, subjectId, routingKey };
}

export const explainPredict = (body: unknown): Rejection => explain(api.predict, body);

export function explainBatch(body: unknown): Rejection {
  const inputs = isObject(body) && Object.hasOwn(body, 'inputs') ? body['inputs'] : undefined;
  if (Array.isArray(inputs)) {
    if (inputs.length === 0)
      return rejection('empty_batch', 'a batch needs at least one row', [
        { path: 'inputs', message: 'expected at least one row' },
      ]);
    if (inputs.length > api.batchLimits.rows)
      return rejection(
        'payload_too_large',
        `a batch holds at most ${api.batchLimits.rows} rows, this one has ${inputs.length}`,
        [{ path: 'inputs', message: `expected at most ${api.batchLimits.rows} rows` }],
      );
  }
  return explain(api.predictBatch, body);
}

/** The deployment that a refused body names, if it names one. */
export const namedDeployment = (body: unknown): string | undefined =>
  isObject(body) && Object.hasOwn(body, 'deployment') && typeof body['deployment'] === 'string'
    ? body['deployment']
    : undefined;

class Fields implements PredictBody {
  deployment = '';
  input: object = noInput;
  requestId: string | undefined = undefined;
  subjectId: string | undefined = undefined;
  routingKey: string | undefined = undefined;

  /** False for an unknown field or an impossible value. */
  take(key: string, value: unknown): boolean {
    switch (key) {
      case 'deployment':
        if (typeof value !== 'string') return false;
        this.deployment = value;
        return true;
      case 'request_id':
        if (!isShortText(value)) return false;
        this.requestId = value;
        return true;
      case 'subject_id':
        if (!isShortText(value)) return false;
        this.subjectId = value;
        return true;
      case 'routing_key':
        if (!isShortText(value)) return false;
        this.routingKey = value;
        return true;
      default:
        return false;
    }
  }
}

const noInput: object = Object.freeze({});

const isShortText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 256;

const maxErrors = 20;

function explain(schema: z.ZodType, body: unknown): Rejection {
  if (!isObject(body)) return rejection('malformed_body', 'the body should be a JSON object');
  const parsed = schema.safeParse(body);
  const errors = parsed.success
    ? // zod passes over a member named __proto__.
      [{ path: 'body', message: "unknown field '__proto__'" }]
    : fieldErrorsOf(parsed.error).slice(0, maxErrors);
  return rejection('invalid_request', errors.map(({ path, message }) => `${path}: ${message}`).join('; '), errors);
}
