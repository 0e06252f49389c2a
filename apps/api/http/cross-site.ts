import type { FastifyRequest } from 'fastify';
import { rejection, type Rejection } from '#libs/contracts/index.js';

/**
 * Refuses what a page of another site makes its reader's browser send: a form is posted without asking us first. The
 * browser's own word (Fetch Metadata) counts; without it, as over plain HTTP from another machine, Origin is compared.
 * Other clients than browsers send neither.
 */
export function crossSite({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): Rejection | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none') return undefined;
  if (site === 'cross-site') return refused('Sec-Fetch-Site', 'same-origin or none');
  const { origin } = headers;
  return origin === undefined || isOurs(origin, headers)
    ? undefined
    : refused('Origin', 'the address that the request is sent to');
}

/** Behind a serving process Host is the api's own, and X-Forwarded-Host what the browser asked; no page can set it. */
function isOurs(origin: string, headers: FastifyRequest['headers']): boolean {
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  return [headers.host, headers['x-forwarded-host']].some(
    (sentTo) => typeof sentTo === 'string' && hostOf(`${protocol}//${sentTo}`) === host,
  );
}

/** In lower case, without the port that the protocol implies. */
const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined);

const refused = (name: string, expected: string): Rejection =>
  rejection('cross_site', `header ${name} says that a page of another site sent this`, [
    { path: `header ${name}`, message: `expected ${expected}` },
  ]);
