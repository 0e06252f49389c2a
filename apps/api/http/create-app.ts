import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { isoTime } from '#libs/kernel/index.js';
import { NestLogger, requirePermissions, sendProblem, useProblems } from '#libs/nest/index.js';
import { AppModule } from '../app.module.js';
import { limits, multipartLimit } from '../catalogue/limits.js';
import { routes } from '../catalogue/routes.js';
import { registerDocs } from '../docs/register-docs.js';
import type { Parts } from '../parts.js';
import { accessOf, requireCatalogued } from './access.js';
import { requestIdOf } from './caller.js';
import { crossSite } from './cross-site.js';
import { lingerThenClose } from './linger.js';
import { bodyRule, limitBodies } from './request-rules.js';

/** A name of 128 characters, each percent-encoded; the router's own limit is 100. */
const maxParamLength = 512;
/** A connection on which nothing moves is ended after so long; live feeds and trials of models stay below it. */
const idleConnectionMs = 120_000;

/** The HTTP side of the app, not listening yet. */
export async function createApp(parts: Parts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: limits.json,
    connectionTimeout: idleConnectionMs,
    routerOptions: { maxParamLength },
    genReqId: ({ headers }: IncomingMessage) => requestIdOf(headers, () => parts.ids.next(parts.clock.now())),
    // Files are bounded by the artifact store while they stream; a registration has one file and one field.
    multipart: { limits: { fileSize: multipartLimit, files: 1, fields: 1, parts: 2, fieldSize: limits.json } },
  });
  const options: Pick<NestApplicationOptions, 'bodyParser' | 'logger' | 'abortOnError'> = {
    bodyParser: false,
    logger: new NestLogger(parts.logger),
    abortOnError: false,
  };
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(parts), adapter, options);
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  addRules(fastify, parts);
  useProblems(app, { logger: parts.logger });
  registerDocs(fastify, parts.version);
  return app;
}

function addRules(fastify: FastifyInstance, { logger, clock, requests, authenticator }: Parts): void {
  const rule = bodyRule(routes);
  // An artifact's bytes go to the store as they come.
  fastify.addContentTypeParser('application/octet-stream', (_request, payload, done) => {
    done(null, payload);
  });
  requireCatalogued(fastify, routes);
  limitBodies(fastify, routes);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  // Before all else: who has no token learns nothing, not even what there is.
  requirePermissions(fastify, authenticator, accessOf(routes));
  fastify.addHook('onRequest', async (request, reply) => {
    const refused = crossSite(request) ?? rule(request);
    if (refused !== undefined) await sendProblem(reply, refused);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    lingerThenClose(request);
    const route = request.routeOptions.url ?? 'none';
    requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    logger.debug(
      {
        request: request.id,
        method: request.method,
        url: request.url,
        status: reply.statusCode,
        at: isoTime(clock.now()),
      },
      'answered',
    );
    done();
  });
}
