import { setTimeout as delay } from 'node:timers/promises';
import { AppendContention, StreamTimeout, StreamUnavailable } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import type { Logger } from '#libs/nest/index.js';

export interface Patience {
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** From the first to the longest pause between two attempts. */
const pauseMs = { first: 100, most: 2_000 };

/** Again and again while the log is away. @throws what the signal aborts with. */
export async function settled<T>(work: () => Promise<T>, { signal, logger }: Patience): Promise<T> {
  for (let pause = pauseMs.first; ; pause = Math.min(2 * pause, pauseMs.most)) {
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error)) throw error;
      if (pause === pauseMs.first)
        logger.warn({ reason: messageOf(error) }, 'what was found cannot be stored now; it is tried again');
    }
    await delay(pause, undefined, { signal });
  }
}

const mayPass = (error: unknown): boolean =>
  error instanceof StreamTimeout || error instanceof StreamUnavailable || error instanceof AppendContention;
