import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Clock } from '#libs/kernel/index.js';

/** One Object Store bucket and the ways to speak to it. */
export interface Bucket {
  readonly name: string;
  readonly connection: NatsConnection;
  readonly publisher: JetStreamClient;
  /** Gives up each try after `tryTimeoutMs`. */
  readonly manager: JetStreamManager;
  readonly clock: Clock;
  /** Milliseconds that one request may take, made again or not. */
  readonly timeoutMs: number;
}

export const defaultBucket = 'ARTIFACTS';
export const defaultTimeoutMs = 10_000;

/** How often a request whose answer was lost may be made again within the time that it may take. */
const triesInTime = 4;

/** Milliseconds that one try of a request may take. */
export const tryTimeoutMs = (timeoutMs: number): number => Math.ceil(timeoutMs / triesInTime);
