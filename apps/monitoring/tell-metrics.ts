import { monitoringMetricsSubject } from '#libs/contracts/index.js';
import { packFamilies, type Metrics, type NatsConnection } from '#libs/nest/index.js';

export interface TellMetricsOptions {
  readonly connection: Pick<NatsConnection, 'publish'>;
  readonly instance: string;
  readonly metrics: Metrics;
  /** Brings them up to date. */
  readonly measure: () => Promise<void>;
  /** Milliseconds from one to the next (default 2,000). */
  readonly everyMs?: number;
}

/** Tells what this process counts, again and again, to whoever answers /metrics. @returns a function that stops it. */
export function tellMetrics({
  connection,
  instance,
  metrics,
  measure,
  everyMs = 2_000,
}: TellMetricsOptions): () => void {
  const tell = async (): Promise<void> => {
    // What cannot be measured while the log is away is told as it was.
    await measure().catch(() => undefined);
    const packed = await packFamilies(await metrics.families());
    connection.publish(monitoringMetricsSubject, JSON.stringify({ instance, ...packed }));
  };
  const timer = setInterval(() => {
    // A connection that is closed has nobody to tell.
    void tell().catch(() => undefined);
  }, everyMs);
  return () => {
    clearInterval(timer);
  };
}
