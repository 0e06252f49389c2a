import type { Deadline, Metadata } from '@grpc/grpc-js';
import type { Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Clock, type Result } from '#libs/kernel/index.js';
import type { Authenticator } from '#libs/nest/index.js';
import type { InferDone, InferenceService } from '../oip/protocol.js';
import { withTimeout } from '../oip/with-timeout.js';
import type { Admission } from '../prediction/admission.js';
import { readInfer, readParameters, present } from './read-request.js';
import { refusalFor } from './require-permission.js';
import type { InferRequestMessage, InferResponseMessage } from './wire.js';
import { writeResponse } from './write-response.js';

export interface InferOptions {
  readonly service: InferenceService;
  readonly admission: Pick<Admission, 'now' | 'count'>;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
}

/** What a call says beside its message. */
export interface CallTraits {
  readonly metadata: Metadata;
  /** Wall-clock time at which the client stops waiting; Infinity: it does not say. */
  readonly deadline: Deadline;
}

export type InferAnswer = Result<InferResponseMessage, Rejection & { readonly predictionId?: string }>;

/** One inference, of a unary call or of a stream. Never rejects. */
export async function infer(
  { service, admission, authenticator, clock }: InferOptions,
  message: InferRequestMessage,
  { metadata, deadline }: CallTraits,
): Promise<InferAnswer> {
  const beganAt = admission.now();
  const judged = refusalFor(authenticator, metadata, 'predict');
  const refusal = judged instanceof Promise ? await judged : judged;
  if (refusal !== null) {
    admission.count('unauthorised');
    return reject(refusal);
  }
  const read = readInfer(message);
  if (!read.ok) {
    const { model_name: model = '', model_version, id, parameters = {} } = message;
    const unread = { model, version: present(model_version), id, parameters: readParameters(parameters) };
    const refused = await answered((done) => {
      service.refuse(unread, beganAt, read.rejection, done);
    });
    return refused.ok ? reject(read.rejection) : refused;
  }
  const { request, raw } = read.value;
  const timed = withTimeout(request, Number(deadline) - clock.now());
  const answer = await answered((done) => {
    service.infer(timed, beganAt, done);
  });
  return answer.ok ? accept(writeResponse(answer.value, raw)) : answer;
}

type Answer = Parameters<InferDone>[0];

function answered(ask: (done: InferDone) => void): Promise<Answer> {
  return new Promise((resolve) => {
    ask(resolve);
  });
}
