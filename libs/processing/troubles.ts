import { backOff, pause, type Alarm } from './alarm.js';
import type { OpenProcess } from './open-processes.js';

/** A process that cannot take something that it is told: it is told nothing more until it can. */
export interface Trouble {
  readonly process: string;
  readonly id: string;
  /** What it cannot take, in words. */
  readonly what: string;
  readonly reason: string;
  /** So far. */
  readonly attempts: number;
}

/** Processes in trouble, each tried again after a while, ever more slowly. The others go on. */
export class Troubles {
  private readonly current = new Map<string, Entry>();

  constructor(
    private readonly options: {
      readonly alarm: Alarm;
      readonly random: () => number;
      readonly signal: AbortSignal;
    },
  ) {}

  /** @param retry is called when it is time to try again */
  add({ subject, process, id }: OpenProcess, what: string, reason: string, retry: () => void): Trouble {
    const before = this.current.get(subject);
    before?.abort.abort();
    const attempts = (before?.trouble.attempts ?? 0) + 1;
    const trouble: Trouble = { process: process.name, id, what, reason, attempts };
    const entry: Entry = { trouble, waiting: true, abort: new AbortController() };
    this.current.set(subject, entry);
    const { alarm, random, signal } = this.options;
    const either = AbortSignal.any([entry.abort.signal, signal]);
    void pause(alarm, backOff(attempts, { ...retryMs, random }), either).then(() => {
      if (either.aborted) return;
      entry.waiting = false;
      retry();
    });
    return trouble;
  }

  /** Whether the process is to be left alone for now. */
  rests(subject: string): boolean {
    return this.current.get(subject)?.waiting === true;
  }

  /** The process takes what it is told. */
  over(subject: string): void {
    this.current.get(subject)?.abort.abort();
    this.current.delete(subject);
  }

  list(): readonly Trouble[] {
    return Array.from(this.current.values(), ({ trouble }) => trouble);
  }
}

interface Entry {
  readonly trouble: Trouble;
  waiting: boolean;
  readonly abort: AbortController;
}

const retryMs = { first: 200, most: 60_000 };
