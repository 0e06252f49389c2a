import { describe, expect, it } from '@jest/globals';
import type { Clock } from '#libs/kernel/index.js';
import { mergeFamilies, type MetricFamily, type Metrics } from '#libs/nest/index.js';
import { Admission } from '../prediction/admission.js';
import { noRouting } from '../routing/active-routing.js';
import { Lease } from '../routing/lease.js';
import { servingMetrics } from '../serving-metrics.js';
import { TrafficCounts } from '../traffic-counts.js';
import { emptyStatistics, statisticsFamilies, statisticsOf } from './statistics.js';

/** The metrics of a process with these counts, whose monotonic clock is 1,000,000 ms behind its wall clock. */
async function told(counts: readonly TrafficCounts[]): Promise<MetricFamily[]> {
  const families = await metricsOf(counts, { now: () => 1_050_000, monotonic: () => 50_000 }).families();
  return families.filter(({ name }) => statisticsFamilies.includes(name));
}

function metricsOf(counts: readonly TrafficCounts[], clock: Clock): Metrics {
  const [lease, routing] = [new Lease(), () => noRouting];
  return servingMetrics({
    ...{ instance: 'serving-0', lease, clock, counts: () => counts, pending: () => [] },
    admission: new Admission({ lease, clock, routing, maxQueuedRows: 1, queueDeadlineMs: 1 }),
    models: { loads: 0, evictions: 0, modelBytes: 0 },
    routingSeq: () => 0,
    publishesInFlight: () => 0,
  }).metrics;
}

/** What one version did: `times` requests of two rows, each of 3 ms, and one that failed after 7 ms. */
function counted(version: string, times: number, lastServedAt: number): TrafficCounts {
  const counts = new TrafficCounts('cellar', version);
  counts.requestLatency.observe(0.003, times);
  counts.servedSeconds = counts.requestLatency.sum;
  counts.requestLatency.observe(0.007);
  return Object.assign(counts, {
    ...{ served: times, failed: 1, refused: 40, runs: times, inferredRows: 2 * times, lastServedAt },
    ...{ queueMs: times * 0.5, inputMs: times * 0.25, inferMs: times, outputMs: times * 0.125 },
  });
}

describe('the statistics of a version', () => {
  it('are sums over processes and models, and the latest of their times', async () => {
    const families = await mergeFamilies([
      await told([counted('wine@1.0.0', 10, 900), counted('beer@1.0.0', 20, 300)]),
      await told([counted('wine@1.0.0', 30, 800), counted('wine@2.0.0', 1, 700)]),
    ]);
    const [first, second, ...rest] = statisticsOf(families);
    expect(rest).toEqual([]);
    expect(first).toEqual({
      ...{ name: 'cellar', version: '1.0.0', last_inference: 1_000_900, inference_count: 120, execution_count: 60 },
      inference_stats: {
        success: { count: 60, ns: 180_000_000 },
        fail: { count: 3, ns: 21_000_000 },
        queue: { count: 60, ns: 30_000_000 },
        compute_input: { count: 60, ns: 15_000_000 },
        compute_infer: { count: 60, ns: 60_000_000 },
        compute_output: { count: 60, ns: 7_500_000 },
      },
    });
    expect(second).toMatchObject({ version: '2.0.0', last_inference: 1_000_700, inference_count: 2 });
  });

  it('have one time for one moment, however often they are asked for', async () => {
    const counts = counted('wine@1.0.0', 1, 900);
    let apart = 0;
    const clock = { now: () => 1_050_000, monotonic: () => 50_000 + apart };
    const metrics = metricsOf([counts], clock);
    const asked = async (): Promise<number> => statisticsOf(await metrics.families())[0]!.last_inference;
    const first = await asked();
    apart = 20;
    expect(await asked()).toBe(first);
    counts.lastServedAt += 500;
    expect(await asked()).toBe(first + 480);
  });

  it('are zero for a version that answered nothing', async () => {
    const [stats] = statisticsOf(await told([new TrafficCounts('cellar', 'wine@1.0.0')]));
    expect(stats).toEqual(emptyStatistics('cellar', '1.0.0'));
    expect(stats).toMatchObject({ last_inference: 0, inference_stats: { fail: { count: 0, ns: 0 } } });
  });
});
