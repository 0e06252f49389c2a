import type { Clock } from '#libs/kernel/index.js';
import type { Alarm } from '#libs/processing/index.js';

interface Ringing {
  readonly at: number;
  readonly ring: () => void;
}

/** Time that passes only when told to. What is under way is carried to its end before time goes on. */
export class VirtualTime implements Clock {
  private elapsed = 0;
  private offset = Date.parse('2026-11-23T10:00:00.000Z');
  private readonly alarms = new Set<Ringing>();

  /** @param activity grows with everything that is done: when it stands still, nothing is under way */
  constructor(private readonly activity: () => number) {}

  now(): number {
    return Math.floor(this.elapsed) + this.offset;
  }

  monotonic(): number {
    return this.elapsed;
  }

  /** Somebody sets the wall clock. */
  step(milliseconds: number): void {
    this.offset += milliseconds;
  }

  readonly alarm: Alarm = (milliseconds, ring) => {
    const alarm = { at: this.elapsed + Math.max(0, milliseconds), ring };
    this.alarms.add(alarm);
    return () => this.alarms.delete(alarm);
  };

  readonly pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      this.alarm(milliseconds, resolve);
    });

  async elapse(milliseconds: number): Promise<void> {
    const target = this.elapsed + milliseconds;
    for (;;) {
      await this.settle();
      const next = this.nextAlarm();
      if (next === undefined || next.at > target) break;
      this.elapsed = Math.max(this.elapsed, next.at);
      this.alarms.delete(next);
      next.ring();
    }
    this.elapsed = target;
  }

  /** Until nothing is under way. */
  async settle(): Promise<void> {
    let before = -1;
    for (let still = 0; still < stillFor; still += 1) {
      if (this.activity() !== before) still = 0;
      before = this.activity();
      await turn();
    }
  }

  private nextAlarm(): Ringing | undefined {
    let first: Ringing | undefined;
    for (const alarm of this.alarms) if (first === undefined || alarm.at < first.at) first = alarm;
    return first;
  }
}

/** Turns of the event loop; a planned delay takes up to four of them. */
const stillFor = 12;

export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
