import type { HttpException } from '@nestjs/common';
import { problemCodes, rejection, type ProblemCode, type Rejection } from '#libs/contracts/index.js';
import {
  AppendContention,
  EventLogError,
  Overloaded,
  StreamConflict,
  StreamMovedOn,
  StreamTimeout,
  StreamUnavailable,
} from '#libs/event-log/index.js';
import { messageOf, ModelogError } from '#libs/kernel/index.js';
import { ProblemException } from './problem-exception.js';

/** What a thrown value means to a caller over HTTP. */
export interface Failure {
  readonly rejection: Rejection;
  /** Response headers beside the content type, for example Allow. */
  readonly headers: Readonly<Record<string, string>>;
  /** True for a fault of ours: it belongs in the log with its stack, and `rejection` says nothing of its cause. */
  readonly unexpected: boolean;
}

/** What of a request an error's detail may need. */
export interface FailedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Most bytes that the route takes. */
  readonly bodyLimit?: number | undefined;
  /** Whether the whole body had arrived. */
  readonly complete: boolean;
}

/** Maps anything thrown while a request is answered: refusals, the log's errors, Fastify's and Nest's, the unknown. */
export function failureOf(thrown: unknown, request: FailedRequest): Failure {
  if (thrown instanceof ProblemException) return expected(thrown.rejection, thrown.headers);
  if (thrown instanceof EventLogError) return logFailure(thrown);
  if (thrown instanceof ModelogError) return ownFailure(thrown);
  if (isBroken(thrown)) return request.complete ? internal('unavailable') : expected(cutOff());
  const known = fastifyFailure(thrown, request) ?? statusFailure(thrown, request);
  return known === undefined ? internal() : expected(known);
}

const expected = (rejection: Rejection, headers: Readonly<Record<string, string>> = {}): Failure => ({
  rejection,
  headers,
  unexpected: false,
});

/** What went wrong is for the log; the caller learns only that it was not the caller. */
const internal = (code: ProblemCode = 'internal'): Failure => ({
  rejection: rejection(code, problemCodes[code][1]),
  headers: {},
  unexpected: true,
});

function logFailure(error: EventLogError): Failure {
  if (error instanceof AppendContention || error instanceof StreamConflict || error instanceof StreamMovedOn) {
    return expected(
      rejection('append_contention', `${error.message}; repeat the request with the same Idempotency-Key`),
    );
  }
  if (error instanceof Overloaded) return expected(rejection('overloaded', error.message));
  if (error instanceof StreamTimeout || error instanceof StreamUnavailable) {
    return expected(rejection('log_unavailable', error.message));
  }
  return internal();
}

/** Errors of our libraries carry a problem's code where they mean one. */
function ownFailure(error: ModelogError): Failure {
  if (!isProblemCode(error.code)) return internal();
  const [status] = problemCodes[error.code];
  return status === 500 ? internal(error.code) : expected(rejection(error.code, error.message));
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problemCodes, code);

/**
 * A connection broke: the caller's while its body is on its way, else one to a component behind us. The five-character
 * codes are PostgreSQL's: connection exceptions, shutdown, too many connections.
 */
const isBroken = (thrown: unknown): boolean =>
  /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|ENOTFOUND|ERR_STREAM_PREMATURE_CLOSE|08\w{3}|57P\w{2}|53300)$/.test(
    codeOf(thrown) ?? '',
  ) ||
  (thrown instanceof Error && brokenMessages.test(thrown.message));

/** Node's, and those that pg gives no code: a query without an answer in time, no free connection, a lost one. */
const brokenMessages =
  /^(aborted|Query read timeout|timeout exceeded when trying to connect|Connection terminated\b.*)$/;

const cutOff = (): Rejection => rejection('malformed_body', 'the connection broke before the whole body had arrived');

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** Errors of Fastify 5, @fastify/multipart 10 and @fastify/reply-from, by their codes. */
function fastifyFailure(thrown: unknown, request: FailedRequest): Rejection | undefined {
  switch (codeOf(thrown)) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_INVALID_JSON_FIELD_ERROR':
      return rejection('malformed_json', messageOf(thrown));
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return rejection('malformed_body', 'the body is not as long as Content-Length says');
    case 'FST_MP_PREMATURE_CLOSE':
    case 'FST_PROTO_VIOLATION':
    case 'FST_NO_FORM_DATA':
      return rejection('malformed_body', messageOf(thrown));
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return tooLarge(request);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_INVALID_MULTIPART_CONTENT_TYPE':
      return rejection(
        'unsupported_media_type',
        `${request.method} ${pathOf(request)} does not take this content type`,
      );
    case 'FST_REQ_FILE_TOO_LARGE':
    case 'FST_FILES_LIMIT':
    case 'FST_PARTS_LIMIT':
    case 'FST_FIELDS_LIMIT':
      return rejection('payload_too_large', messageOf(thrown));
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return rejection('not_found', `${messageOf(thrown)}: nothing can be at this address`);
    case 'FST_ERR_VALIDATION':
      return rejection('invalid_request', messageOf(thrown));
    case 'FST_REPLY_FROM_BAD_GATEWAY':
    case 'FST_REPLY_FROM_SERVICE_UNAVAILABLE':
    case 'FST_REPLY_FROM_GATEWAY_TIMEOUT':
    case 'FST_REPLY_FROM_TIMEOUT':
    case 'FST_REPLY_FROM_HTTP_REQUEST_TIMEOUT':
    case 'FST_REPLY_FROM_INTERNAL_SERVER_ERROR':
      return rejection('unavailable', 'the component behind this address cannot be reached');
    case undefined:
    default:
      return undefined;
  }
}

/** Nest's HttpException, and errors of plugins that carry only a status. */
function statusFailure(thrown: unknown, request: FailedRequest): Rejection | undefined {
  switch (statusOf(thrown)) {
    case 400:
      return rejection('malformed_body', messageOf(thrown));
    case 404:
      return rejection('not_found', `nothing is at ${request.method} ${pathOf(request)}`);
    case 405:
      return rejection('method_not_allowed', `${pathOf(request)} does not take ${request.method}`);
    case 413:
      return tooLarge(request);
    case 415:
      return rejection('unsupported_media_type', messageOf(thrown));
    case 422:
      return rejection('invalid_request', messageOf(thrown));
    case 502:
    case 503:
    case 504:
      return rejection('unavailable', messageOf(thrown));
    case undefined:
    default:
      return undefined;
  }
}

function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if (isHttpException(thrown)) return thrown.getStatus();
  return 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}

/** By its method: its class would load Nest into processes that speak no HTTP. */
const isHttpException = (error: Error): error is HttpException =>
  'getStatus' in error && typeof error.getStatus === 'function';

const tooLarge = ({ bodyLimit }: FailedRequest): Rejection =>
  rejection('payload_too_large', bodyLimit === undefined ? 'the body is too large' : `the limit is ${bodyLimit} bytes`);

const pathOf = ({ url }: FailedRequest): string => url.split('?', 1)[0] ?? url;
