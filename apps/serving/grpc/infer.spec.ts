import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { problemCodes, rejection, type ProblemCode } from '#libs/contracts/index.js';
import { accept, reject } from '#libs/kernel/index.js';
import { authenticatorOf } from '#libs/nest/index.js';
import type { InferenceService, InferRequest } from '../oip/protocol.js';
import { infer, type InferOptions } from './infer.js';
import { refusedStatus } from './status.js';
import type { InferRequestMessage, ParameterMessage } from './wire.js';

const clock = { now: () => 1_000_000, monotonic: () => 50 };
const message: InferRequestMessage = { model_name: 'm', inputs: [{ name: 'x', datatype: 'FP32' }] };

/** Takes everything and answers nothing but its name: what reaches it is what is looked at. */
class Listening implements Pick<InferenceService, 'infer' | 'refuse'> {
  readonly heard: { request: InferRequest; began: number }[] = [];

  infer: InferenceService['infer'] = (request, began, done) => {
    this.heard.push({ request, began });
    done(accept({ model: request.model, version: '1', id: request.id, outputs: [], parameters: {} }));
  };

  readonly unread: unknown[] = [];

  refuse: InferenceService['refuse'] = (request, _began, refusal, done) => {
    this.unread.push(request);
    done(reject({ ...refusal, predictionId: 'of-the-refusal' }));
  };
}

const over = (service: Listening): InferOptions => ({
  service: service as unknown as InferenceService,
  admission: { now: clock.monotonic, count: () => undefined },
  authenticator: authenticatorOf({ secret: undefined, clock }),
  clock,
});

describe("a client's deadline", () => {
  const timeoutOf = async (deadline: Date | number, timeout?: ParameterMessage): Promise<unknown> => {
    const service = new Listening();
    const parameters: Readonly<Record<string, ParameterMessage>> = timeout === undefined ? {} : { timeout };
    const answer = await infer(over(service), { ...message, parameters }, { metadata: new Metadata(), deadline });
    expect(answer.ok).toBe(true);
    expect(service.heard[0]!.began).toBe(50);
    return service.heard[0]!.request.parameters['timeout'];
  };

  it('is the time that the request has, in microseconds', async () => {
    expect(await timeoutOf(new Date(1_000_250))).toBe(250_000);
    expect(await timeoutOf(Number.POSITIVE_INFINITY)).toBeUndefined();
  });

  it('that has passed leaves no time, and not all the time there is', async () => {
    expect(await timeoutOf(new Date(999_000))).toBe(1);
  });

  it('or the timeout that the request names: the shorter counts', async () => {
    expect(await timeoutOf(new Date(1_000_250), { double_param: 1_000 })).toBe(1_000);
    expect(await timeoutOf(new Date(1_000_250), { double_param: 900_000 })).toBe(250_000);
    expect(await timeoutOf(new Date(1_000_250), { double_param: 0 })).toBe(250_000);
  });

  it('does not cover up a timeout that is none', async () => {
    expect(await timeoutOf(new Date(1_000_250), { double_param: -5 })).toBe(-5);
    expect(await timeoutOf(new Date(1_000_250), { double_param: Number.NaN })).toBeNaN();
    expect(await timeoutOf(new Date(1_000_250), { string_param: '1' })).toBe('1');
  });
});

it('a request that cannot be read is refused where it is recorded', async () => {
  const parameters = { subject_id: { string_param: 'a person' } };
  const unread = { ...message, inputs: [], model_version: '2.0.0', id: 'mine', parameters };
  const service = new Listening();
  const deadline = Number.POSITIVE_INFINITY;
  const answer = await infer(over(service), unread, { metadata: new Metadata(), deadline });
  expect(answer).toMatchObject({ ok: false, rejection: { code: 'invalid_request', predictionId: 'of-the-refusal' } });
  expect(service.unread).toEqual([
    { model: 'm', version: '2.0.0', id: 'mine', parameters: { subject_id: 'a person' } },
  ]);
});

describe('the status of a refusal', () => {
  const expected: Partial<Record<ProblemCode, status>> = {
    deployment_not_found: status.NOT_FOUND,
    version_not_served: status.NOT_FOUND,
    invalid_tensor: status.INVALID_ARGUMENT,
    payload_too_large: status.INVALID_ARGUMENT,
    missing_feature: status.INVALID_ARGUMENT,
    model_failed: status.INTERNAL,
    overloaded: status.UNAVAILABLE,
    routing_stale: status.UNAVAILABLE,
    log_unavailable: status.UNAVAILABLE,
    deployment_not_live: status.UNAVAILABLE,
    deadline_exceeded: status.DEADLINE_EXCEEDED,
    authentication_required: status.UNAUTHENTICATED,
    invalid_token: status.UNAUTHENTICATED,
    forbidden: status.PERMISSION_DENIED,
  };

  it.each(Object.entries(expected))('%s is %i, with its code; what may work soon says when', (code, wanted) => {
    const told = refusedStatus({ ...rejection(code as ProblemCode, 'why'), predictionId: 'p' });
    expect(told).toMatchObject({ code: wanted, details: 'why' });
    expect(told.metadata.getMap()).toEqual({
      ...{ 'modelog-code': code, 'modelog-prediction-id': 'p' },
      ...(problemCodes[code as ProblemCode][0] === 503 ? { 'grpc-retry-pushback-ms': '1000' } : {}),
    });
  });

  it('is never longer than a header may be', () => {
    expect(refusedStatus(rejection('invalid_tensor', 'é'.repeat(10_000))).details).toHaveLength(2_000);
  });

  it('is text that can be encoded, wherever a name was cut', () => {
    const { details } = refusedStatus(rejection('invalid_tensor', `${'n'.repeat(1_998)}😀😀`));
    expect(details).toBe(`${'n'.repeat(1_998)}\ufffd…`);
    expect(refusedStatus(rejection('invalid_tensor', '😀')).details).toBe('😀');
  });
});
