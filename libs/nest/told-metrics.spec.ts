import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { packFamilies, expositionOf } from './metric-families.js';
import { Metrics } from './metrics.js';
import { ToldMetrics, type ToldMetricsOptions } from './told-metrics.js';

it('tells the newest that each process has told, until it falls silent', async () => {
  let now = 0;
  let hear: (data: string) => void = () => undefined;
  const connection = {
    subscribe(_subject: string, { callback }: { callback: (error: null, message: { data: Uint8Array }) => void }) {
      hear = (data) => {
        callback(null, { data: Buffer.from(data) });
      };
      return { unsubscribe: () => (hear = () => undefined) };
    },
  } as unknown as ToldMetricsOptions['connection'];
  const lines: string[] = [];
  const told = new ToldMetrics({
    ...{ connection, subject: 'told', clock: { now: () => now, monotonic: () => now } },
    logger: pino({ level: 'warn' }, { write: (line) => lines.push(line) }),
  });
  const counted = async (instance: string, count: number): Promise<string> => {
    const metrics = new Metrics({ instance });
    metrics.counter({ name: 'modelog_told_total', help: 'told' }).inc(count);
    return JSON.stringify({ instance, ...(await packFamilies(await metrics.families())) });
  };
  const shown = async (): Promise<string[]> =>
    (await expositionOf(...told.families())).split('\n').filter((line) => line.startsWith('modelog_told_total'));

  hear(await counted('a', 1));
  hear(await counted('b', 5));
  now = 8_000;
  hear(await counted('a', 2));
  expect(await shown()).toEqual(['modelog_told_total{instance="a"} 2', 'modelog_told_total{instance="b"} 5']);
  now = 12_000;
  expect(await shown()).toEqual(['modelog_told_total{instance="a"} 2']);
  hear('{"instance":"a"}');
  expect(lines).toEqual([expect.stringContaining('metrics of another process cannot be read')]);
  told.stop();
  hear(await counted('a', 9));
  expect(await shown()).toEqual(['modelog_told_total{instance="a"} 2']);
});
