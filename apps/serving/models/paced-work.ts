import type { Clock } from '#libs/kernel/index.js';

export interface PacedWorkOptions {
  readonly clock: Clock;
  /** Waits, and leaves the event loop to others. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/**
 * Work that occupies the event loop and can wait: one piece at a time, in the order given. After each the loop is left
 * alone for as long as the piece took, so that all of it together takes at most half of the loop.
 */
export class PacedWork {
  #previous: Promise<void> = Promise.resolve();

  constructor(private readonly options: PacedWorkOptions) {}

  /** What the piece gives or throws, as soon as it is done; the next one waits for the pause after it. */
  run<T>(piece: () => T | Promise<T>): Promise<T> {
    const { clock, pause } = this.options;
    let tookMs = 0;
    const done = this.#previous.then(async () => {
      const from = clock.monotonic();
      try {
        return await piece();
      } finally {
        tookMs = clock.monotonic() - from;
      }
    });
    const rest = () => pause(tookMs);
    this.#previous = done.then(rest, rest);
    return done;
  }
}
