import type { FastifyInstance, FastifyRequest } from 'fastify';
import { rejection, type Rejection } from '#libs/contracts/index.js';
import { mayBeLeftOut, routerPath, type BodySpec, type RouteSpec } from '../catalogue/route.js';

/** What a request's headers already say is wrong with its body: nothing of the body is read. */
export type BodyRule = (request: FastifyRequest) => Rejection | undefined;

export function bodyRule(routes: readonly RouteSpec[]): BodyRule {
  const bodies = new Map(routes.map((route) => [`${route.method} ${routerPath(route)}`, route.body ?? []]));
  return (request) => {
    const taken = bodies.get(`${request.method} ${request.routeOptions.url ?? ''}`);
    return taken === undefined || taken.length === 0 ? undefined : refusalOf(taken, request.headers);
  };
}

/** Each route takes as much JSON as the catalogue says, whatever a body announces. Routes added from now on. */
export function limitBodies(fastify: FastifyInstance, routes: readonly RouteSpec[]): void {
  const limits = new Map(
    routes.map((route) => [
      `${route.method} ${routerPath(route)}`,
      route.body?.find(({ mediaType }) => mediaType === 'application/json')?.limitBytes,
    ]),
  );
  fastify.addHook('onRoute', (route) => {
    const limit = limits.get(`${String(route.method)} ${route.url}`);
    if (limit !== undefined) route.bodyLimit = limit;
  });
}

/** RFC 2046, 5.1.1. */
const boundary = /;\s*boundary=(?:"[^"]{1,70}"|[^\s;"]{1,70})\s*(?:;|$)/i;

const hasNone = (headers: FastifyRequest['headers']): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

function refusalOf(taken: readonly BodySpec[], headers: FastifyRequest['headers']): Rejection | undefined {
  const mediaType = headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase();
  const body = taken.find((each) => each.mediaType === mediaType);
  if (body === undefined) {
    if (mayBeLeftOut(taken) && hasNone(headers)) return undefined;
    const expected = taken.map((each) => each.mediaType).join(' or ');
    return rejection('unsupported_media_type', `expected Content-Type ${expected}, found ${mediaType ?? 'none'}`, [
      { path: 'header Content-Type', message: `expected ${expected}` },
    ]);
  }
  if (mediaType === 'multipart/form-data' && !boundary.test(headers['content-type'] ?? '')) {
    return rejection('malformed_body', 'Content-Type multipart/form-data names no boundary', [
      { path: 'header Content-Type', message: 'expected multipart/form-data; boundary=<1 to 70 characters>' },
    ]);
  }
  const announced = Number(headers['content-length']);
  if (announced <= body.limitBytes || Number.isNaN(announced)) return undefined;
  return rejection('payload_too_large', `${announced} bytes are announced; at most ${body.limitBytes} are taken here`, [
    { path: 'header Content-Length', message: `expected at most ${body.limitBytes}` },
  ]);
}
