import { expect, it } from '@jest/globals';
import Fastify, { type FastifyRequest } from 'fastify';
import { routerPath } from '../catalogue/route.js';
import { routes } from '../catalogue/routes.js';
import { accessOf, requireCatalogued } from './access.js';

const access = accessOf(routes);
const of = (method: string, url: string | undefined) => access({ method, routeOptions: { url } } as FastifyRequest);

it('is what the catalogue says, for HEAD as for GET', () => {
  for (const route of routes)
    expect([route.path, of(route.method, routerPath(route))]).toEqual([route.path, route.permission]);
  expect(of('HEAD', '/api/models')).toBe('read');
});

it('opens health and the description, and no other call', () => {
  const open = routes.filter(({ permission }) => permission === null).map(({ path }) => path);
  expect(open.sort()).toEqual([
    ...['/health/live', '/health/ready', '/openapi.json'],
    ...['/v2/health/live', '/v2/health/ready'],
  ]);
  for (const url of ['/docs', '/docs/assets/swagger-ui.css']) expect(of('GET', url)).toBeNull();
  for (const url of ['/docs/x', '/documents', '/health/other']) expect(of('GET', url)).toBe('authenticated');
});

it('asks for a token where nothing is', () => {
  expect(of('GET', undefined)).toBe('authenticated');
  expect(of('DELETE', '/api/models')).toBe('authenticated');
});

it('refuses a route that the catalogue does not have', async () => {
  const fastify = Fastify();
  requireCatalogued(fastify, routes);
  fastify.get('/api/models', () => ({}));
  fastify.get('/docs', () => ({}));
  expect(() => fastify.get('/api/secret', () => ({}))).toThrow('the route GET /api/secret is not in the catalogue');
  expect(() => fastify.delete('/api/models', () => ({}))).toThrow(
    'the route DELETE /api/models is not in the catalogue',
  );
  await fastify.close();
});
