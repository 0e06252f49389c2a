import type { Column, RunOutputs } from './columns.js';
import type { InferenceError } from './errors.js';

/** The rows of one or more requests as the model got them. */
export interface AttemptedRun {
  readonly rows: number;
  readonly inputs: readonly Column[];
}

/** When a run went on, monotonic milliseconds. */
export interface RunTiming {
  /** Its rows left the queue. */
  readonly begunAt: number;
  /** Its inputs were ready. */
  readonly inputsAt: number;
  /** Its outputs were there. */
  readonly endedAt: number;
}

/** A run that gave outputs. */
export interface CompletedRun extends AttemptedRun {
  readonly timing: RunTiming;
  /** Valid until `release`. */
  readonly inputs: readonly Column[];
  readonly outputs: RunOutputs;
  /**
   * Gives the input buffers back for another batch. Call it once nobody reads `inputs` any more; without it they are
   * left to the garbage collector.
   */
  release(): void;
}

/** Rows `[firstRow, firstRow + rows)` of a run. */
export interface RunSlice<Run extends AttemptedRun = CompletedRun> {
  readonly run: Run;
  readonly firstRow: number;
  readonly rows: number;
}

/** The slices of a request, in the order of its rows: one, unless it was cut. A failed request has its inputs only. */
export type RequestOutcome =
  | { readonly ok: true; readonly slices: readonly RunSlice[] }
  | { readonly ok: false; readonly error: InferenceError; readonly slices: readonly RunSlice<AttemptedRun>[] };

/** Called exactly once. What it throws becomes an uncaught exception and touches no other request. */
export type Done = (outcome: RequestOutcome) => void;
