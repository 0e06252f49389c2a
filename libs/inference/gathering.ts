import { sliceOf, type Column, type RunOutputs } from './columns.js';
import type { InferenceError } from './errors.js';
import type { AttemptedRun, CompletedRun, Done, RequestOutcome, RunSlice, RunTiming } from './request-outcome.js';

/** Where the rows of a run are read from: a batch that was written row by row, or columns as they were given. */
export interface RowSource {
  view(first: number, rows: number): readonly Column[];
}

/** Rows for one run, and whose they are. */
export interface Gathering<Rows extends RowSource = RowSource> {
  readonly batch: Rows;
  rows: number;
  readonly parts: Part[];
  /** The first of its requests' deadlines, monotonic milliseconds. */
  deadlineAt: number;
}

/** The rows of one request within one gathering. */
export interface Part {
  readonly request: Request;
  /** Which of the request's parts this is. */
  readonly order: number;
  readonly firstRow: number;
  readonly rows: number;
}

export const gatheringOf = <Rows extends RowSource>(batch: Rows): Gathering<Rows> => ({
  batch,
  rows: 0,
  parts: [],
  deadlineAt: Number.POSITIVE_INFINITY,
});

/** Rows of a request join those that are there. */
export function addPart(gathering: Gathering, part: Part): void {
  gathering.parts.push(part);
  gathering.rows += part.rows;
  const { deadlineAt } = part.request;
  if (deadlineAt < gathering.deadlineAt) gathering.deadlineAt = deadlineAt;
}

/** Columns that a request brought: read where they are. */
export class GivenColumns implements RowSource {
  constructor(private readonly columns: readonly Column[]) {}

  view(first: number, rows: number): readonly Column[] {
    return this.columns.map((column) => {
      const { width, data } = column;
      if (first === 0 && data.length === rows * width) return column;
      return { ...column, data: sliceOf(data, first * width, rows * width) };
    });
  }
}

/** A request until all of its parts have run. */
export class Request {
  readonly #done: Done;
  readonly #completed: RunSlice[] = [];
  readonly #attempted: RunSlice<AttemptedRun>[] = [];
  #error: InferenceError | null = null;
  #outstanding: number;

  /** `deadlineAt`: monotonic milliseconds; Infinity where nobody waits in vain. */
  constructor(
    done: Done,
    parts: number,
    readonly deadlineAt: number,
  ) {
    this.#done = done;
    this.#outstanding = parts;
  }

  succeed(order: number, slice: RunSlice): void {
    this.#completed[order] = slice;
    this.#settled();
  }

  fail(order: number, error: InferenceError, slice: RunSlice<AttemptedRun>): void {
    this.#error ??= error;
    this.#attempted[order] = slice;
    this.#settled();
  }

  #settled(): void {
    this.#outstanding--;
    if (this.#outstanding > 0) return;
    try {
      this.#done(this.#outcome());
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  #outcome(): RequestOutcome {
    if (this.#error === null) return { ok: true, slices: this.#completed };
    const slices: RunSlice<AttemptedRun>[] = [...this.#completed];
    // Both lists have holes, where the other has the slice.
    this.#attempted.forEach((slice, order) => {
      slices[order] = slice;
    });
    return { ok: false, error: this.#error, slices };
  }
}

export class Run implements CompletedRun {
  readonly #giveBack: () => void;
  #released = false;

  constructor(
    readonly rows: number,
    readonly inputs: readonly Column[],
    readonly outputs: RunOutputs,
    readonly timing: RunTiming,
    giveBack: () => void,
  ) {
    this.#giveBack = giveBack;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#giveBack();
  }
}
