import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Access } from '#libs/nest/index.js';
import { routerPath, type RouteSpec } from '../catalogue/route.js';
import { docsAssets, docsPath } from '../docs/page.js';

/** What each request needs, by the catalogue. Where nothing is, a token: without one nobody learns what there is. */
export function accessOf(routes: readonly RouteSpec[]): (request: FastifyRequest) => Access {
  const accesses = accessByRoute(routes);
  return ({ method, routeOptions: { url } }) => {
    if (url === undefined) return 'authenticated';
    if (isDocs(url)) return null;
    const access = accesses.get(keyOf(method, url));
    return access === undefined ? 'authenticated' : access;
  };
}

/** Every route that is added to the instance from now on must be in the catalogue. @throws Error naming one that is not */
export function requireCatalogued(fastify: FastifyInstance, routes: readonly RouteSpec[]): void {
  const accesses = accessByRoute(routes);
  fastify.addHook('onRoute', ({ method, url }) => {
    if (isDocs(url)) return;
    for (const each of [method].flat())
      if (!accesses.has(keyOf(each, url)))
        throw new Error(`the route ${each} ${url} is not in the catalogue, and so has no permission`);
  });
}

const accessByRoute = (routes: readonly RouteSpec[]): ReadonlyMap<string, Access> =>
  new Map(routes.map((route) => [keyOf(route.method, routerPath(route)), route.permission]));

/** The router answers HEAD wherever it answers GET. */
const keyOf = (method: string, url: string): string => `${method === 'HEAD' ? 'GET' : method} ${url}`;

const isDocs = (url: string): boolean => url === docsPath || url.startsWith(docsAssets);
