import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { answerFailure, type ProblemOptions } from './answer-failure.js';
import { parseJsonBody } from './json-body.js';
import { ProblemFilter } from './problem-filter.js';
import { RouteTable } from './route-table.js';

/**
 * Makes every error of an HTTP app a problem+json: exceptions, Fastify's own, those of raw routes, unknown addresses,
 * JSON that is none (with its position). Call it on a Nest app before its `init`, on a Fastify instance before its routes.
 */
export function useProblems(app: NestFastifyApplication | FastifyInstance, options: ProblemOptions): void {
  if ('useGlobalFilters' in app) {
    RouteTable.install(app.getHttpAdapter().getInstance());
    app.useGlobalFilters(new ProblemFilter(options));
    app.useBodyParser('application/json', {}, (_request, body, done) => {
      parseInto(body, done);
    });
    return;
  }
  RouteTable.install(app);
  app.setErrorHandler((error, request, reply) => {
    answerFailure(error, request, reply, options);
  });
  app.setNotFoundHandler((request, reply) => {
    answerFailure(undefined, request, reply, options);
  });
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    parseInto(body, done);
  });
}

function parseInto(body: string | Buffer, done: (error: Error | null, value?: unknown) => void): void {
  let value: unknown;
  try {
    value = parseJsonBody(Buffer.from(body));
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, value);
}
