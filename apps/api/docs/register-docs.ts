import type { FastifyInstance } from 'fastify';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { openApiDocument } from '../catalogue/openapi.js';
import { routes } from '../catalogue/routes.js';
import { docsAssets, docsPage, docsPath } from './page.js';

/** GET /openapi.json, and GET /docs with the two files that it needs. */
export function registerDocs(fastify: FastifyInstance, version: string): void {
  const description = JSON.stringify(openApiDocument(routes, version));
  fastify.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(description));
  fastify.get(docsPath, (_request, reply) => reply.type('text/html; charset=utf-8').send(docsPage));
  const folder = swaggerUiFolder();
  for (const [file, mediaType] of assets) {
    const path = join(folder, file);
    fastify.get(docsAssets + file, async (_request, reply) => {
      const { size } = await stat(path);
      return reply
        .headers({ 'content-type': mediaType, 'content-length': size, 'cache-control': 'public, max-age=3600' })
        .send(createReadStream(path));
    });
  }
}

const assets = [
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
] as const;

/** Swagger UI as @fastify/swagger-ui carries it: the package `swagger-ui-dist` itself reports each install. */
const swaggerUiFolder = (): string =>
  join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json')), 'static');
