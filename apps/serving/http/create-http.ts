import type { Server } from 'node:http';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NestLogger, requirePermissions, sendProblem, useProblems } from '#libs/nest/index.js';
import type { ServingOptions } from '../serving-options.js';
import { ServingModule, type ServingFacade } from '../serving-module.js';
import { forwardToApi } from './forward.js';
import { nothingAt } from './forwardable-path.js';
import { createFrontServer, type FrontServerOptions, type RequestHandler } from './front-server.js';
import { accessOf } from './require-permission.js';

type HttpOptions = Pick<ServingOptions, 'apiUrl' | 'limits' | 'bodyIdleMs' | 'logger'>;

/** Who answers what the public port takes. */
export interface HttpHandlers extends Pick<FrontServerOptions, 'authenticator' | 'room' | 'predict' | 'protocol'> {
  readonly facade: ServingFacade;
}

/** The public HTTP server, not listening yet: predictions by its fast path, the rest by Nest's routes or the api. */
export async function createHttp(
  { apiUrl, limits = {}, bodyIdleMs, logger }: HttpOptions,
  { facade, authenticator, ...fastPath }: HttpHandlers,
): Promise<{ readonly app: NestFastifyApplication; readonly server: Server }> {
  const servers: Server[] = [];
  const adapter = new FastifyAdapter({
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply): void => {
      void sendProblem(reply, nothingAt(request.url));
    },
    // The front server answers these; Fastify would answer a second time and destroy the connection.
    clientErrorHandler: () => undefined,
    serverFactory: (handler: RequestHandler) => {
      const server = createFrontServer({
        ...fastPath,
        ...{ authenticator, otherwise: handler, bodyIdleMs },
        ...limits,
      });
      servers.push(server);
      return server;
    },
    // Each forwarded body has the limit of its address (forward.ts); here only what is parsed would be held in memory.
    bodyLimit: 1024 * 1024,
    routerOptions: { maxParamLength: 2048 },
    forceCloseConnections: true,
  });
  const nestOptions: Pick<NestApplicationOptions, 'bodyParser' | 'logger' | 'abortOnError'> = {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  };
  const module = ServingModule.register(facade);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, nestOptions);
  useProblems(app, { logger });
  const fastify: FastifyInstance = adapter.getInstance();
  requirePermissions(fastify, authenticator, accessOf);
  await forwardToApi(fastify, { apiUrl, logger, ...limits });
  return { app, server: servers[0]! };
}
