import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { problemCodes, type Rejection } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';

/** What a refused call ends with. */
export type RefusedStatus = Pick<ServiceError, 'code' | 'details' | 'metadata'>;

/** A second: what REST says in Retry-After. */
const retryAfterMs = 1_000;

/** A status travels in one header of HTTP/2; clients take 8 KiB of them, and what is not ASCII takes three bytes each. */
const longestDetails = 2_000;

/** Beside the status, as trailers: the refusal's stable code, and where it is recorded. */
export const trailers = { code: 'modelog-code', predictionId: 'modelog-prediction-id' } as const;

export function refusedStatus({
  code,
  detail,
  predictionId,
}: Rejection & { readonly predictionId?: string }): RefusedStatus {
  const metadata = new Metadata();
  metadata.set(trailers.code, code);
  if (predictionId !== undefined) metadata.set(trailers.predictionId, predictionId);
  const refused = statusOf(problemCodes[code][0]);
  if (refused === status.UNAVAILABLE) metadata.set('grpc-retry-pushback-ms', String(retryAfterMs));
  return { code: refused, details: wellFormed(shortened(detail)), metadata };
}

/**
 * By the HTTP status. What may work a moment later is UNAVAILABLE, as Triton has it for a full queue: RESOURCE_EXHAUSTED
 * would tell clients of a quota, and most of them do not try that again.
 */
function statusOf(http: (typeof problemCodes)[keyof typeof problemCodes][0]): status {
  switch (http) {
    case 400:
    case 405:
    case 413:
    case 415:
    case 422:
      return status.INVALID_ARGUMENT;
    case 401:
      return status.UNAUTHENTICATED;
    case 403:
      return status.PERMISSION_DENIED;
    case 404:
      return status.NOT_FOUND;
    case 409:
      return status.FAILED_PRECONDITION;
    case 500:
      return status.INTERNAL;
    case 503:
      return status.UNAVAILABLE;
    case 504:
      return status.DEADLINE_EXCEEDED;
    default:
      return assertNever(http, 'status');
  }
}

/** The transport throws at half a character, which is what a name that was cut may end with. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');

const shortened = (text: string): string =>
  text.length <= longestDetails ? text : `${text.slice(0, longestDetails - 1)}…`;
