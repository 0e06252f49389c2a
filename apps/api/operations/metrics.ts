import type { StreamHead } from '#libs/event-log/index.js';
import type { Metrics } from '#libs/nest/index.js';
import type { ProjectionReader } from '#libs/projecting/index.js';
import type { LiveFeeds } from '../events/live-feeds.js';

export type RequestSeconds = ReturnType<typeof requestSeconds>;

export interface MetricSources {
  readonly feeds: LiveFeeds;
  readonly streams: readonly LogStream[];
}

/** A stream, and the read models that are folded from it. */
export interface LogStream {
  readonly name: string;
  readonly head: () => Promise<StreamHead>;
  readonly readers: readonly ProjectionReader[];
}

/** The api's own metrics. Returns the one that every request is counted in. */
export function apiMetrics(metrics: Metrics, { feeds, streams }: MetricSources): RequestSeconds {
  metrics.gauge({ name: 'modelog_api_live_feeds', help: 'Event feeds that are open' }, (gauge) => {
    gauge.set(feeds.count);
  });
  logMetrics(metrics, streams);
  return requestSeconds(metrics);
}

/** What cannot be read while a server is away is not told: unknown is not zero. */
function logMetrics(metrics: Metrics, streams: readonly LogStream[]): void {
  // The registry collects all its gauges at once: what one scrape tells is read once.
  const refresh = onceAtATime(async () => {
    for (const gauge of [last, position, gap]) gauge.reset();
    await Promise.all(streams.map(tell));
  });
  const labels = ['projection', 'stream'] as const;
  const last = metrics.gauge(
    { name: 'modelog_log_last_sequence', help: 'Last sequence of a stream', labels: ['stream'] },
    refresh,
  );
  const position = metrics.gauge(
    { name: 'modelog_read_model_position', help: 'Last sequence that a read model has folded', labels },
    refresh,
  );
  const gap = metrics.gauge(
    { name: 'modelog_read_model_gap_messages', help: 'Messages that a read model has not folded yet', labels },
    refresh,
  );

  const tell = async ({ name: stream, head, readers }: LogStream): Promise<void> => {
    const lastSeq = (await head().catch(() => undefined))?.lastSeq;
    if (lastSeq !== undefined) last.set({ stream }, lastSeq);
    for (const reader of readers) {
      const labels = { projection: reader.projection, stream };
      const folded = (await reader.checkpoint().catch(() => undefined))?.position;
      if (folded === undefined) continue;
      position.set(labels, folded);
      // The read model may have moved on since the stream was asked.
      if (lastSeq !== undefined) gap.set(labels, Math.max(0, lastSeq - folded));
    }
  };
}

/** Callers that come while it runs share its outcome. */
function onceAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () =>
    (running ??= work().finally(() => {
      running = undefined;
    }));
}

const requestSeconds = (metrics: Metrics) =>
  metrics.histogram({
    name: 'modelog_api_request_seconds',
    help: 'Time from a request until its answer is sent',
    labels: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
  });
