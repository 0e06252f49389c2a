import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Clock } from '#libs/kernel/index.js';

/** One Object Store bucket and the ways to speak to it. */
export interface Bucket {
  readonly name: string;
  readonly connection: NatsConnection;
  readonly publisher: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly clock: Clock;
  /** Milliseconds that one request may take. */
  readonly timeoutMs: number;
}

export const defaultBucket = 'ARTIFACTS';
export const defaultTimeoutMs = 10_000;
