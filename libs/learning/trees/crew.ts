/**
 * Work that may be done by several threads: a step has items 0 to items − 1, which do not depend on one another. What
 * they leave must not depend on who does them, nor in which order.
 */
export interface Crew {
  /** There is one thread: parts smaller than the whole gain nothing. */
  readonly isOne: boolean;
  /** Comes back when every item is done. */
  run(step: number, items: number): void;
}

export type Perform = (step: number, item: number) => void;

/** The calling thread alone. */
export const alone = (perform: Perform): Crew => ({
  isOne: true,
  run(step, items) {
    for (let item = 0; item < items; item++) perform(step, item);
  },
});

/**
 * What the threads of a crew agree by. Items are numbered on from step to step, modulo 2³²: those below `limit` may be
 * taken, and `done` catches up with it before the next step is given out.
 */
export type CrewControl = Int32Array;
export const crewControl = (): CrewControl => new Int32Array(new SharedArrayBuffer(20));
const at = { next: 0, limit: 1, done: 2, step: 3, first: 4 } as const;

/** The thread that gives out the steps; it works on them too. */
export const leading = (control: CrewControl, perform: Perform): Crew => ({
  isOne: false,
  run(step, items) {
    const first = control[at.limit]!;
    const limit = (first + items) | 0;
    control[at.step] = step;
    control[at.first] = first;
    // What is written before this is seen by whoever reads the limit.
    Atomics.store(control, at.limit, limit);
    if (items > 1) Atomics.notify(control, at.limit);
    while (tookItem(control, perform));
    for (let done = Atomics.load(control, at.done); done !== limit; done = Atomics.load(control, at.done)) {
      waitForChange(control, at.done, done);
    }
  },
});

/** A thread that works on what is given out, until it is ended. */
export function follow(control: CrewControl, perform: Perform): never {
  for (;;) {
    const limit = Atomics.load(control, at.limit);
    while (tookItem(control, perform));
    waitForChange(control, at.limit, limit);
  }
}

function tookItem(control: CrewControl, perform: Perform): boolean {
  for (;;) {
    const next = Atomics.load(control, at.next);
    const limit = Atomics.load(control, at.limit);
    if (next === limit) return false;
    // The step cannot end, nor another begin, before this item is done.
    if (Atomics.compareExchange(control, at.next, next, (next + 1) | 0) !== next) continue;
    perform(control[at.step]!, (next - control[at.first]!) | 0);
    if (((Atomics.add(control, at.done, 1) + 1) | 0) === Atomics.load(control, at.limit))
      Atomics.notify(control, at.done);
    return true;
  }
}

/** Steps follow one another within microseconds: so long is looked before the thread sleeps. */
const looks = 2000;

function waitForChange(control: CrewControl, index: number, value: number): void {
  for (let look = 0; look < looks; look++) if (Atomics.load(control, index) !== value) return;
  Atomics.wait(control, index, value);
}
