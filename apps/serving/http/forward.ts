import type { IncomingHttpHeaders } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import httpProxy from '@fastify/http-proxy';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { rejection } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { answerFailure as answerThrown, sendProblem, type Logger } from '#libs/nest/index.js';
import { isForwardable, nothingAt } from './forwardable-path.js';
import { bodyLimit, pathOf, tooLarge, type SizeLimits } from './size-limits.js';

export interface ForwardOptions extends SizeLimits {
  /** Where the api listens. */
  readonly apiUrl: string;
  readonly logger: Logger;
}

/**
 * Forwards whatever no other route takes to the api: bodies are streamed both ways, event streams stay open as long as
 * both ends do. Time limits are the api's own. Nothing is tried twice: a command may have been carried out.
 */
export async function forwardToApi(
  fastify: FastifyInstance,
  { apiUrl, logger, ...limits }: ForwardOptions,
): Promise<void> {
  await fastify.register(async (scope) => {
    // Nest sets its own handler after this scope is made, which therefore does not have it.
    scope.setErrorHandler((error, request, reply) => {
      answerThrown(error, request, reply, { logger });
    });
    scope.removeAllContentTypeParsers();
    scope.addHook('onRequest', (request, reply, done) => {
      if (isForwardable(pathOf(request.url))) done();
      else void sendProblem(reply, nothingAt(request.url));
    });
    scope.addHook('preParsing', (request, _reply, payload, done) => {
      const limit = bodyLimit(request.method, pathOf(request.url), limits);
      const body = payload.pipe(new LimitedBody(limit));
      payload.once('error', (error) => body.destroy(error));
      payload.once('close', () => {
        if (!request.raw.complete) body.destroy(new CutOff());
      });
      done(null, body);
    });
    await scope.register(httpProxy, {
      upstream: apiUrl,
      disableRequestLogging: true,
      destroyAgent: true,
      undici: { headersTimeout: 0, bodyTimeout: 0, connections: 256, pipelining: 1 },
      replyOptions: {
        retryDelay: () => null,
        // The api compares Origin with the host that the browser asked; Host becomes the api's own.
        rewriteRequestHeaders: ({ headers: { host } }, { expect: _expect, ...headers }) =>
          host === undefined ? headers : { ...headers, 'x-forwarded-host': host },
        rewriteHeaders: withoutHopByHop,
        onError: (reply, { error }) => {
          answerFailure(reply as FastifyReply, error);
        },
      },
    });
  });
}

/** What the api says of its connection to this process is not for the client (RFC 9110, 7.6.1). */
function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const dropped = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}

/** A body that fails when it grows beyond its limit: sizes that are not announced are known only now. */
class LimitedBody extends Transform {
  #size = 0;

  constructor(private readonly limit: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#size += chunk.length;
    if (this.#size > this.limit) done(new BodyTooLarge(this.limit));
    else done(null, chunk);
  }
}

class BodyTooLarge extends Error {
  constructor(readonly limit: number) {
    super(`more than ${limit} bytes`);
  }
}

class CutOff extends Error {
  constructor() {
    super('the body ends before it is complete');
  }
}

function answerFailure(reply: FastifyReply, error: Error): void {
  // The body stood still, and its sender was told so.
  if (reply.raw.headersSent) return;
  const cause = rootOf(error);
  if (cause instanceof BodyTooLarge) {
    void sendProblem(reply, tooLarge(cause.limit), { connection: 'close' });
    return;
  }
  if (cause instanceof CutOff) {
    void sendProblem(reply, rejection('malformed_body', cause.message), { connection: 'close' });
    return;
  }
  logFailure(reply.request, error);
  void sendProblem(reply, rejection('unavailable', `the api does not answer: ${messageOf(cause)}`));
}

function rootOf(error: Error): Error {
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}

const logFailure = ({ log, method, url }: FastifyRequest, error: Error): void => {
  log.warn({ err: error, method, url: pathOf(url) }, 'a request could not be forwarded');
};
