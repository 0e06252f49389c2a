import type { IncomingMessage } from 'node:http';
import { api, rejection, type Rejection } from '#libs/contracts/index.js';

export interface SizeLimits {
  /** Bytes of an uploaded artifact (default 2 GiB). */
  readonly artifactBytes?: number;
  /** Bytes of any other forwarded body (default 8 MiB). */
  readonly otherBytes?: number;
}

/** Most bytes that the body of a request to this address may have. */
export function bodyLimit(method: string, path: string, limits: SizeLimits = {}): number {
  const { artifactBytes = 2 ** 31, otherBytes = 8 * 2 ** 20 } = limits;
  // Its other addresses take less, and say so themselves.
  if (path.startsWith('/v2/')) return api.batchLimits.bytes;
  switch (path) {
    case '/api/predict':
      return api.batchLimits.singleBytes;
    case '/api/predict/batch':
      return api.batchLimits.bytes;
    case '/api/feedback':
      return api.feedbackLimits.bytes;
    case '/api/artifacts':
    case '/api/models':
      // A model may be registered together with its artifact (multipart).
      return method === 'POST' ? artifactBytes : otherBytes;
    default:
      return otherBytes;
  }
}

export const isPrediction = (path: string): boolean => path === '/api/predict' || path === '/api/predict/batch';

/** Bytes that the request announces; undefined for a chunked body or none. */
export function announcedBytes({ headers }: IncomingMessage): number | undefined {
  const text = headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

export const pathOf = (url: string): string => {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
};

export const tooLarge = (limit: number, announced?: number): Rejection =>
  rejection(
    'payload_too_large',
    announced === undefined
      ? `the body has more than ${limit} bytes, the most that this address takes`
      : `the body is announced with ${announced} bytes, this address takes at most ${limit}`,
    [{ path: 'body', message: `expected at most ${limit} bytes` }],
  );
