import type { IncomingMessage, ServerResponse } from 'node:http';
import { api, rejection, type Rejection } from '#libs/contracts/index.js';
import { readBody } from '../../http/read-body.js';
import { requestTimeout, unreadableTimeout } from '../../http/request-timeout.js';
import { tooLarge } from '../../http/size-limits.js';
import type { Admission } from '../../prediction/admission.js';
import type { InferDone, InferenceService, UnreadRequest } from '../protocol.js';
import { withTimeout } from '../with-timeout.js';
import { answer, answerRefusal, refuseBeforeBody } from './answers.js';
import { decodeContent } from './content-encoding.js';
import { isObject } from '../../json-object.js';
import { readInfer, splitBody, type Addressed, type RestRequest } from './read-request.js';
import { encodeResponse } from './write-response.js';

export interface RestOptions {
  readonly service: InferenceService;
  readonly admission: Admission;
  /** Modelog's. */
  readonly version: string;
}

/** POST …/infer: the body whole, then callbacks all the way. */
export function infer(
  options: RestOptions,
  request: IncomingMessage,
  response: ServerResponse,
  addressed: Addressed,
): void {
  const { admission } = options;
  const timeoutMs = requestTimeout(request);
  const unreadable = timeoutMs === null ? unreadableTimeout() : unreadableType(request);
  if (unreadable !== null || timeoutMs === null) {
    admission.count('malformed');
    refuseBeforeBody(request, response, unreadable ?? unreadableTimeout());
    return;
  }
  readBody(
    request,
    api.batchLimits.bytes,
    (body) => {
      const beganAt = admission.now();
      decodeContent(body, request.headers['content-encoding'], api.batchLimits.bytes, (decoded) => {
        if (decoded.ok) run(options, request, response, { addressed, body: decoded.value, beganAt, timeoutMs });
        else {
          admission.count(decoded.rejection.code === 'payload_too_large' ? 'too_large' : 'malformed');
          answerRefusal(response, decoded.rejection);
        }
      });
    },
    () => {
      admission.count('too_large');
      refuseBeforeBody(request, response, tooLarge(api.batchLimits.bytes));
    },
  );
}

interface Arrived {
  readonly addressed: Addressed;
  readonly body: Buffer;
  readonly beganAt: number;
  readonly timeoutMs: number;
}

function run(
  { service, admission }: RestOptions,
  request: IncomingMessage,
  response: ServerResponse,
  { addressed, body, beganAt, timeoutMs }: Arrived,
): void {
  const header = request.headers['inference-header-content-length'];
  const parts = splitBody(body, typeof header === 'string' ? header : undefined);
  if (!parts.ok) {
    admission.count(parts.rejection.code === 'payload_too_large' ? 'too_large' : 'malformed');
    answerRefusal(response, parts.rejection);
    return;
  }
  const read = readInfer(parts.value.json, parts.value.binary, addressed);
  if (!read.ok) {
    const unread = { ...addressed, ...claimedOf(parts.value.json) };
    service.refuse(unread, beganAt, read.rejection, answerTo(response, null));
    return;
  }
  const { request: asked } = read.value;
  service.infer(withTimeout(asked, timeoutMs), beganAt, answerTo(response, read.value));
}

/** What a body says of itself, whatever it is. */
function claimedOf(json: unknown): Pick<UnreadRequest, 'id' | 'parameters'> {
  const { id, parameters } = isObject(json) ? json : {};
  return { id, parameters: isObject(parameters) ? parameters : {} };
}

const answerTo =
  (response: ServerResponse, asked: RestRequest | null): InferDone =>
  (outcome) => {
    if (!outcome.ok) {
      answerRefusal(response, outcome.rejection);
      return;
    }
    const { body, jsonBytes } = encodeResponse(outcome.value, asked?.isBinary ?? (() => false));
    if (jsonBytes === undefined) answer(response, 200, body, { 'content-type': 'application/json' });
    else
      answer(response, 200, body, {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(jsonBytes),
      });
  };

/**
 * Clients of the protocol leave the type out. A page of another site could do so too, unasked, but its browser says that
 * it is one.
 */
function unreadableType({ headers }: IncomingMessage): Rejection | null {
  const type = headers['content-type'];
  const isBrowser = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;
  if (type === undefined ? !isBrowser : taken.test(type)) return null;
  const message = 'expected application/json or application/octet-stream';
  const detail = 'infer takes application/json or application/octet-stream';
  return rejection('unsupported_media_type', detail, [{ path: 'header Content-Type', message }]);
}

const taken = /^application\/(?:json|octet-stream)\s*(?:;|$)/i;
