import type { Clock } from '#libs/kernel/index.js';

/** Something whose time runs out. */
export interface Expiring {
  /** Monotonic milliseconds. */
  readonly deadlineAt: number;
  expired(): void;
}

/** How late an end of time may be noticed, milliseconds. */
const slotMs = 5;

/** What expires at the same time. */
export interface Slot {
  readonly at: number;
  readonly waiting: Set<Expiring>;
}

/**
 * Tells requests that their time is over, one coarse timer for all of them: it runs only while one waits. A request
 * without a deadline never comes here.
 */
export class Deadlines {
  readonly #slots = new Map<number, Slot>();
  #swept = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly clock: Clock) {}

  /** @returns what is to be given to `remove` */
  add(each: Expiring): Slot {
    if (this.#timer === null) this.#start();
    // What has expired already is told so with the next slot, not while it is being added.
    const at = Math.max(Math.ceil(each.deadlineAt / slotMs), this.#swept + 1);
    const slot = this.#slots.get(at) ?? { at, waiting: new Set() };
    this.#slots.set(at, slot);
    slot.waiting.add(each);
    return slot;
  }

  remove(each: Expiring, { at, waiting }: Slot): void {
    waiting.delete(each);
    if (waiting.size === 0) this.#slots.delete(at);
  }

  #start(): void {
    this.#swept = Math.floor(this.clock.monotonic() / slotMs);
    this.#timer = setInterval(() => {
      this.#sweep();
    }, slotMs).unref();
  }

  #sweep(): void {
    const now = Math.floor(this.clock.monotonic() / slotMs);
    while (this.#swept < now) {
      this.#swept += 1;
      const due = this.#slots.get(this.#swept);
      if (due === undefined) continue;
      this.#slots.delete(this.#swept);
      for (const each of due.waiting) each.expired();
    }
    if (this.#slots.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
