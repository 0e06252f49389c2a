import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { problemOf, rejection } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { answerFailure, type ProblemOptions } from './answer-failure.js';

/** What Fastify takes at construction only. */
export interface ProblemServerOptions {
  readonly frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => void;
  readonly clientErrorHandler: (error: Error, socket: Socket) => void;
}

/**
 * The errors that come before any route, as problem+json too: an address that cannot be decoded, bytes that are not
 * HTTP. `new FastifyAdapter({ ...problemServerOptions(options) })`, or `fastify({ ...problemServerOptions(options) })`.
 */
export const problemServerOptions = (options: ProblemOptions): ProblemServerOptions => ({
  frameworkErrors: (error, request, reply) => {
    answerFailure(error, request, reply, options);
  },
  clientErrorHandler: (error, socket) => {
    if (!socket.writable) return;
    const told = `this is not an HTTP request that can be read: ${messageOf(error)}`;
    const body = JSON.stringify(problemOf(rejection('malformed_body', told)));
    socket.end(
      'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/problem+json; charset=utf-8\r\n' +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  },
});
