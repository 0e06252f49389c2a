import { JetStreamApiError } from '@nats-io/jetstream';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '#libs/kernel/index.js';
import type { Bucket } from './bucket.js';
import { ArtifactError, ArtifactStoreUnavailable } from './errors.js';

/** Runs requests to the server; what it or the connection throws becomes ArtifactStoreUnavailable. */
export async function asUnavailable<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof ArtifactError) throw error;
    throw new ArtifactStoreUnavailable(what, messageOf(error), { cause: error });
  }
}

/** Milliseconds before a request that met no server (an election, a restart) is made again. */
export const retryAfterMs = 100;

/**
 * A request that may be made again, made again while its time lasts: a leader that dies forgets what it was asked.
 * @throws ArtifactStoreUnavailable.
 */
export async function insistently<T>(bucket: Bucket, what: string, request: () => Promise<T>): Promise<T> {
  const deadline = bucket.clock.monotonic() + bucket.timeoutMs;
  return asUnavailable(what, async () => {
    for (;;) {
      try {
        return await request();
      } catch (error) {
        if (isAnswer(error) || bucket.clock.monotonic() >= deadline) throw error;
        await pause(retryAfterMs);
      }
    }
  });
}

/** The server did its part and says no; 503 says only that it cannot now. */
const isAnswer = (error: unknown): boolean => error instanceof JetStreamApiError && error.status !== 503;
