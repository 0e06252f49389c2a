import { getEventListeners } from 'node:events';
import { expect, it } from '@jest/globals';
import { Metrics } from '#libs/nest/index.js';
import { until } from '#tests/support/wait.js';
import { tellMetrics } from './tell-metrics.js';

it('tells again and again, and leaves nothing on the signal that ends it', async () => {
  const told: string[] = [];
  const listeners: number[] = [];
  const stopping = new AbortController();
  const telling = tellMetrics({
    connection: {
      publish: (subject) => {
        told.push(subject);
        listeners.push(getEventListeners(stopping.signal, 'abort').length);
      },
      flush: () => Promise.resolve(),
    },
    ...{ instance: 'test', metrics: new Metrics({ component: 'monitoring', instance: 'test' }) },
    ...{ measure: () => Promise.reject(new Error('away')), everyMs: 1, signal: stopping.signal },
  });
  await until(() => told.length >= 20, { what: 'it to be told twenty times' });
  stopping.abort();
  await telling;
  expect(Math.max(...listeners)).toBe(1);
});
