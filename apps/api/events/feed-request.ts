import type { FastifyRequest } from 'fastify';
import { rejection } from '#libs/contracts/index.js';
import { ProblemException } from '#libs/nest/index.js';

export const wantsFeed = ({ headers, method }: FastifyRequest): boolean =>
  method === 'GET' && /(^|[\s,])text\/event-stream\b/.test(headers.accept ?? '');

/** The sequence after the last one that a client has seen; undefined for its first connection. */
export function resumedFrom({ headers }: FastifyRequest): number | undefined {
  const last = headers['last-event-id'];
  if (last === undefined || last === '') return undefined;
  if (typeof last === 'string' && /^\d{1,15}$/.test(last)) return Number(last) + 1;
  const message = 'expected the sequence of an event';
  throw new ProblemException(
    rejection('invalid_request', `header Last-Event-ID: ${message}`, [{ path: 'header Last-Event-ID', message }]),
  );
}
