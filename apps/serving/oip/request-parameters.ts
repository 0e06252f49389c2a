import { rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { Traits } from '../http/request-shape.js';
import type { InferRequest, UnreadRequest } from './protocol.js';

/** What a request says of itself beside its tensors. */
export interface RequestTraits extends Traits {
  /** Milliseconds that the caller waits; Infinity: as long as it takes. */
  readonly timeoutMs: number;
}

/**
 * Reads the parameters that mean something here. Others are passed over, as the protocol has it, but for those that ask
 * for what is not done: a caller that believes in a sequence or in shared memory would be misled.
 */
export function requestTraits({
  id,
  parameters,
}: Pick<InferRequest, 'id' | 'parameters'>): Result<RequestTraits, Rejection> {
  const named = Object.keys(parameters).find((name) => unsupported.has(name));
  if (named !== undefined) return reject(invalidParameter(named, 'expected it left out: it is not supported'));
  const timeout = parameters['timeout'] ?? 0;
  if (typeof timeout !== 'number' || !(timeout >= 0))
    return reject(invalidParameter('timeout', 'expected microseconds as a number, 0 for none'));
  for (const name of ['routing_key', 'subject_id'] as const)
    if (!isShortText(parameters[name])) return reject(invalidParameter(name, expectedText));
  if (!isShortText(id))
    return reject(rejection('invalid_request', `id: ${expectedText}`, [{ path: 'id', message: expectedText }]));
  return accept({
    requestId: id,
    routingKey: parameters['routing_key'] as string | undefined,
    subjectId: parameters['subject_id'] as string | undefined,
    timeoutMs: timeout === 0 ? Number.POSITIVE_INFINITY : timeout / 1000,
  });
}

/** Of a request that is refused whatever it says of itself: what can be recorded of that. */
export const recordableTraits = ({ id, parameters }: Pick<UnreadRequest, 'id' | 'parameters'>): Traits => ({
  requestId: recordable(id),
  routingKey: recordable(parameters['routing_key']),
  subjectId: recordable(parameters['subject_id']),
});

const recordable = (value: unknown): string | undefined => (isShortText(value) ? value : undefined);

const unsupported: ReadonlySet<string> = new Set(['sequence_id', 'sequence_start', 'sequence_end']);

const longestText = 256;
const expectedText = `expected a text of 1 to ${longestText} characters`;

const isShortText = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && value.length > 0 && value.length <= longestText);

export const invalidParameter = (name: string, message: string): Rejection =>
  rejection('invalid_request', `parameter '${name.slice(0, 128)}': ${message}`, [
    { path: `parameters.${name.slice(0, 128)}`, message },
  ]);

/** Of a tensor's or an output's parameters: one that asks for an extension of the protocol that is not spoken here. */
export const unsupportedParameter = (parameters: Readonly<Record<string, unknown>> | null): string | undefined =>
  parameters === null ? undefined : extensions.find((name) => Object.hasOwn(parameters, name));

const extensions = ['classification', 'shared_memory_region', 'shared_memory_byte_size', 'shared_memory_offset'];
