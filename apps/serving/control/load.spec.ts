import { describe, expect, it } from '@jest/globals';
import { servingLoad } from '#libs/contracts/index.js';
import { TrafficCounts } from '../traffic-counts.js';
import { load, quantileMs } from './load.js';

describe('how busy a serving process is', () => {
  it('is told of the time since it was asked last', () => {
    let now = 10_000;
    const counts = new TrafficCounts('d', 'm@1.0.0');
    const unrecorded = new Map([['overloaded' as const, 2]]);
    let most = 40;
    const admission = { queuedRows: 3, unrecorded, takeMostQueuedRows: () => most };
    const ask = load({
      instance: 'serving-0',
      admission,
      counts: () => [counts],
      loads: () => 7,
      clock: { now: () => now, monotonic: () => now },
    });
    counts.served = 100;
    counts.refused = 1;
    for (let request = 0; request < 100; request++) counts.requestLatency.observe(request < 98 ? 0.0004 : 0.09);
    now += 1_500;
    unrecorded.set('overloaded', 5);
    expect(servingLoad.parse(ask())).toMatchObject({
      ...{ instance: 'serving-0', over_s: 1.5, requests: 101, overloaded: 3, queued_rows: 3, most_queued_rows: 40 },
      ...{ p99_ms: expect.closeTo(75, 9), loads: 7, pid: process.pid },
    });
    now += 1_000;
    most = 0;
    expect(ask()).toMatchObject({ over_s: 1, requests: 0, overloaded: 0, most_queued_rows: 0, p99_ms: null });
  });
});

describe('a quantile of latencies by bucket', () => {
  const counted = (...seconds: number[]): number[] => {
    const counts = new TrafficCounts('d', 'v').requestLatency;
    for (const each of seconds) counts.observe(each);
    return [...counts.buckets];
  };

  it('is null for none, within the bucket that holds it, and at most the last bound', () => {
    expect(quantileMs(counted(), 0.99)).toBeNull();
    expect(quantileMs(counted(0.0003), 0.99)).toBeCloseTo(0.495, 9);
    expect(quantileMs(counted(0.002, 0.002, 0.002, 0.2), 0.5)).toBeCloseTo(1 + (2 / 3) * 1.5, 9);
    expect(quantileMs(counted(0.002, 60), 0.99)).toBe(10_000);
  });
});
