import type { EventReader } from '#libs/event-log/index.js';
import type { Metrics } from '#libs/nest/index.js';
import type { ProjectionReader } from '#libs/projecting/index.js';
import type { LiveFeeds } from '../events/live-feeds.js';

export type RequestSeconds = ReturnType<typeof requestSeconds>;

export interface MetricSources {
  readonly feeds: LiveFeeds;
  readonly events: EventReader;
  /** Of projections of EVENTS. */
  readonly readers: readonly ProjectionReader[];
}

/** The api's own metrics. Returns the one that every request is counted in. */
export function apiMetrics(metrics: Metrics, { feeds, events, readers }: MetricSources): RequestSeconds {
  metrics.gauge({ name: 'modelog_api_live_feeds', help: 'Event feeds that are open' }, (gauge) => {
    gauge.set(feeds.count);
  });
  metrics.gauge(
    {
      name: 'modelog_read_model_gap_events',
      help: 'Events that a read model has not folded yet',
      labels: ['projection'],
    },
    async (gauge) => {
      gauge.reset();
      // A scrape while a server is away tells everything else; the gap is then unknown, not zero.
      const { lastSeq } = await events.head().catch(() => ({ lastSeq: Number.NaN }));
      for (const reader of readers) {
        const checkpoint = await reader.checkpoint().catch(() => undefined);
        gauge.set({ projection: reader.projection }, lastSeq - (checkpoint?.position ?? Number.NaN));
      }
    },
  );
  return requestSeconds(metrics);
}

const requestSeconds = (metrics: Metrics) =>
  metrics.histogram({
    name: 'modelog_api_request_seconds',
    help: 'Time from a request until its answer is sent',
    labels: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
  });
