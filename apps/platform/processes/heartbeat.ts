import type { Clock } from '#libs/kernel/index.js';

export interface HeartbeatOptions {
  /** Milliseconds without a heartbeat after which it is missing. */
  readonly limitMs: number;
  /** Milliseconds between two looks. */
  readonly lookMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * How long another process has been silent, as far as this one could hear it. A look that comes late says that this
 * process stood still itself, as on a machine that was paused, and heard nobody: the time before it does not count.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #lookedAt: number;
  #silentMs = 0;
  #wasHeard = true;

  /** Counts from now on. */
  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#lookedAt = options.clock.monotonic();
  }

  heard(): void {
    this.#wasHeard = true;
  }

  /** A look, to be taken every `lookMs`. */
  isMissing(): boolean {
    const { limitMs, lookMs, clock } = this.#options;
    const now = clock.monotonic();
    const passed = now - this.#lookedAt;
    this.#lookedAt = now;
    if (this.#wasHeard) this.#silentMs = 0;
    else if (passed <= lateAfterLooks * lookMs) this.#silentMs += passed;
    this.#wasHeard = false;
    return this.#silentMs >= limitMs;
  }
}

const lateAfterLooks = 2;
