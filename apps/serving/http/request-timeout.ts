import type { IncomingMessage } from 'node:http';
import { rejection, type Rejection } from '#libs/contracts/index.js';

const header = 'x-request-timeout-ms';

/** Digits that a number of milliseconds may have, with its decimals. */
const readable = /^\d{1,15}(?:\.\d{1,15})?$/;

/** Milliseconds that the caller waits for an answer; Infinity where it does not say; null: not to be read. */
export function requestTimeout({ headers }: Pick<IncomingMessage, 'headers'>): number | null {
  const text = headers[header];
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const milliseconds = typeof text === 'string' && readable.test(text) ? Number(text) : 0;
  return milliseconds > 0 ? milliseconds : null;
}

export const unreadableTimeout = (): Rejection =>
  rejection('invalid_request', 'X-Request-Timeout-Ms is not a number of milliseconds greater than 0', [
    { path: 'header X-Request-Timeout-Ms', message: 'expected milliseconds as a decimal number greater than 0' },
  ]);
