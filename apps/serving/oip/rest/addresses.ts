import type { Permission } from '#libs/contracts/index.js';

/** What a request's address means. */
export type Address =
  | { readonly kind: 'server' | 'live' | 'ready' | 'all_statistics' | 'index' | 'unknown' }
  | {
      readonly kind: 'metadata' | 'model_ready' | 'statistics' | 'infer';
      readonly model: string;
      readonly version: string | undefined;
    };

export const isProtocolPath = (path: string): boolean => path === '/v2' || path.startsWith('/v2/');

export function addressOf(path: string): Address {
  const segments = decoded(path.replace(/\/$/, '').split('/').slice(2));
  if (segments === null) return unknown;
  const [first, second, ...rest] = segments;
  if (first === undefined) return { kind: 'server' };
  switch (first) {
    case 'health':
      if (rest.length > 0) return unknown;
      return second === 'live' || second === 'ready' ? { kind: second } : unknown;
    case 'repository':
      return second === 'index' && rest.length === 0 ? { kind: 'index' } : unknown;
    case 'models':
      if (second === undefined || second === '') return unknown;
      // Triton's address for all of them: a deployment of this name is asked for with its version.
      if (second === 'stats' && rest.length === 0) return { kind: 'all_statistics' };
      return modelAddress(second, rest);
    default:
      return unknown;
  }
}

/** What a caller has to be allowed; health is open. */
export function accessTo({ kind }: Address): Permission | null {
  switch (kind) {
    case 'live':
    case 'ready':
      return null;
    case 'infer':
      return 'predict';
    default:
      return 'read';
  }
}

const unknown: Address = { kind: 'unknown' };

const modelCalls = new Map([
  ['ready', 'model_ready'],
  ['stats', 'statistics'],
  ['infer', 'infer'],
] as const);

function modelAddress(model: string, rest: readonly string[]): Address {
  const versioned = rest[0] === 'versions' && rest[1] !== undefined && rest[1] !== '';
  const version = versioned ? rest[1] : undefined;
  const [call, ...more] = versioned ? rest.slice(2) : rest;
  if (more.length > 0) return unknown;
  if (call === undefined) return { kind: 'metadata', model, version };
  const kind = modelCalls.get(call as 'ready');
  return kind === undefined ? unknown : { kind, model, version };
}

function decoded(segments: readonly string[]): string[] | null {
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return null;
  }
}
