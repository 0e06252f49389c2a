import { setTimeout as delay } from 'node:timers/promises';
import { monitoringMetricsSubject } from '#libs/contracts/index.js';
import { packFamilies, type Metrics, type NatsConnection } from '#libs/nest/index.js';

export interface TellMetricsOptions {
  readonly connection: Pick<NatsConnection, 'publish' | 'flush'>;
  readonly instance: string;
  readonly metrics: Metrics;
  /** Brings them up to date; what it cannot measure is told as it was. */
  readonly measure: () => Promise<void>;
  /** Milliseconds from one to the next (default 2,000). */
  readonly everyMs?: number;
  readonly signal: AbortSignal;
}

/** Tells what this process counts, again and again, to whoever answers /metrics. Never rejects. */
export async function tellMetrics(options: TellMetricsOptions): Promise<void> {
  const { connection, instance, metrics, measure, everyMs = 2_000, signal } = options;
  // One for all of them: each listener would stay on the signal for as long as this process lives.
  const ended = aborted(signal);
  while (!signal.aborted) {
    await measure().catch(() => undefined);
    const packed = await packFamilies(await metrics.families());
    try {
      connection.publish(monitoringMetricsSubject, JSON.stringify({ instance, ...packed }));
      // While the server is away messages pile up in the client: the next one waits until this one has gone.
      await Promise.race([connection.flush(), ended]);
    } catch {
      // A connection that is lost or closed has nobody to tell.
    }
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
