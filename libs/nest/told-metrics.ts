import { z } from 'zod';
import { messageOf, type Clock } from '#libs/kernel/index.js';
import type { Logger } from './logging.js';
import { packedFamilies, type MetricFamily } from './metric-families.js';
import type { NatsConnection } from './nats-connection.js';

export interface ToldMetricsOptions {
  readonly connection: Pick<NatsConnection, 'subscribe'>;
  /** Where processes tell what they count. */
  readonly subject: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds without a word after which a process is gone (default 10,000). */
  readonly goneAfterMs?: number;
}

const told = z.object({ instance: z.string(), gzip: z.string() });

interface Heard {
  readonly families: readonly MetricFamily[];
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** The newest metrics of processes that tell them unasked. Each keeps its own: their samples name the instance. */
export class ToldMetrics {
  readonly #heard = new Map<string, Heard>();
  readonly #subscription: { unsubscribe(): void };

  constructor(private readonly options: ToldMetricsOptions) {
    this.#subscription = options.connection.subscribe(options.subject, {
      callback: (error, message) => {
        if (error === null) this.#hear(message.data);
      },
    });
  }

  families(): readonly MetricFamily[] {
    const { clock, goneAfterMs = 10_000 } = this.options;
    const since = clock.monotonic() - goneAfterMs;
    for (const [instance, { at }] of this.#heard) if (at < since) this.#heard.delete(instance);
    return [...this.#heard.values()].flatMap(({ families }) => families);
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  #hear(data: Uint8Array): void {
    try {
      const message: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
      const { instance } = told.parse(message);
      this.#heard.set(instance, { families: packedFamilies.parse(message), at: this.options.clock.monotonic() });
    } catch (error) {
      this.options.logger.warn({ reason: messageOf(error) }, 'metrics of another process cannot be read');
    }
  }
}
