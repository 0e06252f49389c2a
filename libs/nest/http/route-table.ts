import type { FastifyInstance } from 'fastify';

const decorator = 'modelogRoutes';

/** Which methods each address takes: Fastify itself answers 404 to a method that an address does not take. */
export class RouteTable {
  readonly #routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  /** Knows the routes that are added to the instance from now on. */
  static install(fastify: FastifyInstance): void {
    const table = new RouteTable();
    fastify.decorate(decorator, table);
    fastify.addHook('onRoute', ({ url, method }) => {
      table.#routes.push({ pattern: patternOf(url), methods: [method].flat() });
    });
  }

  static of(fastify: FastifyInstance): RouteTable | undefined {
    return fastify.hasDecorator(decorator) ? fastify.getDecorator<RouteTable>(decorator) : undefined;
  }

  /** Sorted; empty where nothing is. */
  methodsAt(path: string): string[] {
    const methods = this.#routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }
}

/** Segments with a parameter stand for any text; a closing `*` for the rest. Enough for the question of 404 or 405. */
function patternOf(url: string): RegExp {
  const segments = url.split('/').map((segment) => {
    if (segment === '*') return '.*';
    return segment.includes(':') ? '[^/]+' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${segments.join('/')}$`);
}
