import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { fastify } from 'fastify';
import { systemClock } from '#libs/kernel/index.js';
import { createHttpApp, createLogger, HealthModule, HealthRegistry, healthRoutes, listen, Metrics } from '../index.js';

const logger = createLogger({ component: 'test', instance: 'test', level: 'silent' });
const newRegistry = () => new HealthRegistry({ clock: systemClock, timeoutMs: 50 });

async function nestServer(registry: HealthRegistry) {
  @Module({ imports: [HealthModule.register(registry)] })
  class TestModule {}
  const app = await createHttpApp(TestModule, { logger });
  return { ...(await listen(app, { host: '127.0.0.1', port: 0 })), close: () => app.close() };
}

async function fastifyServer(registry: HealthRegistry) {
  const app = fastify();
  healthRoutes(app, registry);
  return { ...(await listen(app, { host: '127.0.0.1', port: 0 })), close: () => app.close() };
}

describe.each([
  ['Nest', nestServer],
  ['bare Fastify', fastifyServer],
])('health of a %s server', (_name, start) => {
  it('is live always, and ready when every component is, naming those that are not', async () => {
    const registry = newRegistry();
    const server = await start(registry);
    try {
      const get = async (path: string) => {
        const response = await fetch(`${server.url}/health/${path}`);
        return { status: response.status, body: (await response.json()) as Record<string, unknown> };
      };
      registry.register('nats', () => undefined);
      const aborted: string[] = [];
      expect(await get('ready')).toMatchObject({ status: 200, body: { status: 'ready', components: { nats: {} } } });
      registry.register('postgres', () => Promise.reject(new Error('connection refused')));
      registry.register(
        'projector',
        (signal) =>
          new Promise(() => {
            signal.addEventListener('abort', () => aborted.push('projector'));
          }),
      );
      expect(await get('live')).toMatchObject({ status: 200 });
      expect(await get('ready')).toMatchObject({
        status: 503,
        body: {
          code: 'unavailable',
          detail: 'not ready: postgres, projector',
          errors: [
            { path: 'postgres', message: 'connection refused' },
            { path: 'projector', message: 'no answer within 50 ms' },
          ],
        },
      });
      expect(aborted).toEqual(['projector']);
    } finally {
      await server.close();
    }
  });
});

describe('HealthRegistry', () => {
  it('refuses a second check of the same name and forgets one that is taken out', async () => {
    const registry = newRegistry();
    const remove = registry.register('nats', () => {
      throw new Error('away');
    });
    expect(() => registry.register('nats', () => undefined)).toThrow("'nats' is registered already");
    expect(await registry.report()).toMatchObject({ ready: false, components: [{ reason: 'away' }] });
    remove();
    expect(await registry.report()).toEqual({ ready: true, components: [] });
  });
});

describe('Metrics', () => {
  it('keeps the metrics of two apps in one process apart', async () => {
    const [a, b] = [new Metrics({ component: 'a' }), new Metrics({ component: 'b' })];
    const names = { name: 'modelog_things_total', help: 'Things', labels: ['kind'] as const };
    a.counter(names).inc({ kind: 'x' }, 2);
    b.counter(names).inc({ kind: 'x' }, 5);
    a.gauge({ name: 'modelog_depth', help: 'Depth' }, (gauge) => {
      gauge.set(4);
    });
    a.histogram({ name: 'modelog_seconds', help: 'Time', buckets: [0.1, 1] }).observe(0.5);
    const text = await a.text();
    expect(text).toContain('modelog_things_total{kind="x",component="a"} 2');
    expect(text).toContain('modelog_depth{component="a"} 4');
    expect(text).toContain('modelog_seconds_bucket{le="1",component="a"} 1');
    expect(text).toContain('process_resident_memory_bytes');
    expect(await b.text()).toContain('modelog_things_total{kind="x",component="b"} 5');
  });
});
