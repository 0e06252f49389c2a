import { messageOf, systemClock, type Clock } from '#libs/kernel/index.js';
import { columnRules, type ColumnRefusal, type ColumnRules } from './column-rules.js';
import type { Column, RunOutputs } from './columns.js';
import { deadlineExceeded, InferenceError, modelFailed } from './errors.js';
import {
  addPart,
  GivenColumns,
  gatheringOf,
  Request,
  Run,
  type Gathering,
  type Part,
  type RowSource,
} from './gathering.js';
import { InputBatch } from './input-batch.js';
import type { LoadedModel } from './model.js';
import type { RowRefusal } from './refusal.js';
import type { RunObserver } from './run-observer.js';

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

export interface ManyRefusal extends RowRefusal {
  /** Index of the refused row. */
  readonly row: number;
}

export type Schedule = (task: () => void) => void;

export interface MicroBatcherOptions {
  /** When gathered rows are run (default `setImmediate`: all requests that one turn of the event loop has read). */
  readonly schedule?: Schedule;
  /** Rows of one run (default 256); a run occupies the event loop, larger requests are cut. */
  readonly maxRowsPerRun?: number;
  /** Told of the model's native runs. */
  readonly observer?: RunObserver | undefined;
  /** Times the runs (default the system's). */
  readonly clock?: Clock;
}

const defaultRowsPerRun = 256;
/** A deadline that nobody gave. */
const never = Number.POSITIVE_INFINITY;
const keptBatches = 4;
/** Requests of more than this share of a run's rows are not worth copying: they run alone. */
const joinedShare = 4;

/**
 * Gathers rows of many requests into one run of the model. Runs follow one another; rows that arrive meanwhile are
 * gathered for the next. When a run of several requests fails, each is run again alone, so that a bad input fails
 * no neighbour. A request whose deadline (monotonic milliseconds of the clock) has passed when its run would begin is not
 * run and fails with `deadline_exceeded`. Outcomes come by callback, never before `submit` has returned, so that a row
 * costs no promise.
 */
export class MicroBatcher {
  readonly #model: LoadedModel;
  readonly #schedule: Schedule;
  readonly #maxRows: number;
  readonly #clock: Clock;
  readonly #observer: RunObserver | undefined;
  readonly #rules: ColumnRules;
  readonly #free: InputBatch[] = [];
  readonly #closed: Gathering[] = [];
  readonly #idle: (() => void)[] = [];
  #open: Gathering<InputBatch> | null = null;
  #scheduled = false;
  #running = false;
  #pendingRows = 0;

  constructor(model: LoadedModel, options: MicroBatcherOptions = {}) {
    this.#model = model;
    this.#schedule = options.schedule ?? setImmediate;
    this.#maxRows = options.maxRowsPerRun ?? defaultRowsPerRun;
    this.#rules = columnRules(model.signature, model.inputColumns);
    this.#clock = options.clock ?? systemClock;
    this.#observer = options.observer;
    if (!Number.isInteger(this.#maxRows) || this.#maxRows < 1) {
      throw new RangeError(`maxRowsPerRun: expected a positive integer, got ${this.#maxRows}`);
    }
  }

  /** Rows accepted and not yet answered: the measure of overload. */
  get pendingRows(): number {
    return this.#pendingRows;
  }

  /** Takes one row. A refusal comes back at once and `done` is not called. */
  submit(input: unknown, done: Done, deadlineAt = never): RowRefusal | null {
    const gathering = this.#gathering();
    const refusal = this.#model.encoder.encode(input, gathering.batch, gathering.rows);
    if (refusal !== null) return refusal;
    addPart(gathering, { request: new Request(done, 1, deadlineAt), order: 0, firstRow: gathering.rows, rows: 1 });
    this.#accepted(1);
    return null;
  }

  /** Takes the rows of one request, all or none. @throws RangeError for no rows. */
  submitMany(inputs: readonly unknown[], done: Done, deadlineAt = never): ManyRefusal | null {
    if (inputs.length === 0) throw new RangeError('expected at least one row');
    const pieces: Piece[] = [];
    for (let row = 0; row < inputs.length; row++) {
      const piece = this.#pieceWithRoom(pieces);
      const { batch } = piece.gathering;
      const refusal = this.#model.encoder.encode(inputs[row], batch, piece.firstRow + piece.rows);
      if (refusal !== null) return { ...refusal, row };
      piece.rows++;
    }
    this.#join(pieces, done, deadlineAt);
    this.#accepted(inputs.length);
    return null;
  }

  /**
   * Takes the rows of one request as the model's input columns, all or none. Few rows are copied and join others; many
   * run alone, where they are: leave the columns alone until `done`, and until the recorder has released the run.
   * @throws RangeError for no rows, or columns of another model.
   */
  submitColumns(columns: readonly Column[], rows: number, done: Done, deadlineAt = never): ColumnRefusal | null {
    if (rows < 1) throw new RangeError('expected at least one row');
    const refusal = this.#rules(columns, rows);
    if (refusal !== null) return refusal;
    if (rows > this.#maxRows / joinedShare) this.#runAlone(columns, rows, done, deadlineAt);
    else {
      const pieces: Piece[] = [];
      for (let row = 0; row < rows;) {
        const piece = this.#pieceWithRoom(pieces);
        const count = Math.min(rows - row, this.#maxRows - piece.firstRow);
        piece.gathering.batch.copy(columns, row, count, piece.firstRow);
        piece.rows = count;
        row += count;
      }
      this.#join(pieces, done, deadlineAt);
    }
    this.#accepted(rows);
    return null;
  }

  /** Resolves when every accepted row has been answered. */
  drain(): Promise<void> {
    if (this.#pendingRows === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #join(pieces: readonly Piece[], done: Done, deadlineAt: number): void {
    const request = new Request(done, pieces.length, deadlineAt);
    for (const [order, { gathering, firstRow, rows }] of pieces.entries()) {
      addPart(gathering, { request, order, firstRow, rows });
      this.#open = gathering;
      if (gathering.rows === this.#maxRows) this.#close();
    }
  }

  /** Behind what is closed, in front of what is still open: who comes later may join that. */
  #runAlone(columns: readonly Column[], rows: number, done: Done, deadlineAt: number): void {
    const request = new Request(done, Math.ceil(rows / this.#maxRows), deadlineAt);
    const source = new GivenColumns(columns);
    for (let first = 0, order = 0; first < rows; first += this.#maxRows, order++) {
      const count = Math.min(this.#maxRows, rows - first);
      const gathering = gatheringOf({ view: (from: number, many: number) => source.view(first + from, many) });
      addPart(gathering, { request, order, firstRow: 0, rows: count });
      this.#closed.push(gathering);
    }
  }

  #gathering(): Gathering<InputBatch> {
    if (this.#open !== null && this.#open.rows >= this.#maxRows) this.#close();
    this.#open ??= this.#newGathering();
    return this.#open;
  }

  #newGathering(): Gathering<InputBatch> {
    return gatheringOf(this.#free.pop() ?? new InputBatch(this.#model.inputColumns));
  }

  /** Where the next row of a request goes: behind what is gathered, then into batches of its own. */
  #pieceWithRoom(pieces: Piece[]): Piece {
    const last = pieces.at(-1);
    if (last !== undefined && last.firstRow + last.rows < this.#maxRows) return last;
    const gathering = last === undefined ? this.#gathering() : this.#newGathering();
    const piece = { gathering, firstRow: gathering.rows, rows: 0 };
    pieces.push(piece);
    return piece;
  }

  #close(): void {
    if (this.#open === null) return;
    this.#closed.push(this.#open);
    this.#open = null;
  }

  #accepted(rows: number): void {
    this.#pendingRows += rows;
    if (this.#scheduled || this.#running) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      void this.#runAll();
    });
  }

  /** Never rejects: every failure is the outcome of a request. */
  async #runAll(): Promise<void> {
    this.#running = true;
    for (;;) {
      if (this.#closed.length === 0 && this.#open !== null && this.#open.rows > 0) this.#close();
      const gathering = this.#closed.shift();
      if (gathering === undefined) break;
      await this.#runGathering(gathering);
    }
    this.#running = false;
    if (this.#pendingRows === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #runGathering(gathering: Gathering): Promise<void> {
    const begunAt = this.#clock.monotonic();
    const isDue = gathering.deadlineAt <= begunAt;
    const { batch, rows, parts } = isDue ? this.#withoutExpired(gathering, begunAt) : gathering;
    if (rows === 0) return;
    const inputs = batch.view(0, rows);
    const inputsAt = this.#clock.monotonic();
    try {
      const outputs = await this.#model.run(inputs, rows, this.#observer);
      const timing = { begunAt, inputsAt, endedAt: this.#clock.monotonic() };
      const run = new Run(rows, inputs, outputs, timing, () => {
        if (batch instanceof InputBatch && this.#free.length < keptBatches) this.#free.push(batch);
      });
      for (const { request, order, firstRow, rows: count } of parts) {
        this.#pendingRows -= count;
        request.succeed(order, { run, firstRow, rows: count });
      }
    } catch (thrown) {
      const error = inferenceError(thrown);
      const alone = parts.length > 1 && error.code !== 'model_disposed';
      for (const part of parts) {
        if (alone) await this.#repeat(batch, part);
        else this.#fail(part, error, batch.view(part.firstRow, part.rows));
      }
    }
  }

  /** Fails the requests that nobody waits for any more; the others' rows, in a batch of their own. */
  #withoutExpired({ batch, parts }: Gathering, now: number): Gathering {
    const kept = this.#newGathering();
    for (const part of parts) {
      const { request, order, firstRow, rows } = part;
      const inputs = batch.view(firstRow, rows);
      if (request.deadlineAt <= now) this.#fail(part, deadlineExceeded(), inputs);
      else {
        kept.batch.copy(inputs, 0, rows, kept.rows);
        addPart(kept, { request, order, firstRow: kept.rows, rows });
      }
    }
    return kept;
  }

  /** One request of a run that failed, by itself. */
  async #repeat(batch: RowSource, part: Part): Promise<void> {
    const { request, order, rows } = part;
    const begunAt = this.#clock.monotonic();
    const inputs = batch.view(part.firstRow, rows);
    if (request.deadlineAt <= begunAt) {
      this.#fail(part, deadlineExceeded(), inputs);
      return;
    }
    const inputsAt = this.#clock.monotonic();
    try {
      const outputs = await this.#model.run(inputs, rows, this.#observer);
      const timing = { begunAt, inputsAt, endedAt: this.#clock.monotonic() };
      this.#pendingRows -= rows;
      request.succeed(order, { run: new Run(rows, inputs, outputs, timing, () => undefined), firstRow: 0, rows });
    } catch (thrown) {
      this.#fail(part, inferenceError(thrown), inputs);
    }
  }

  /** The buffers of a failed run are not used again: the outcome's inputs stay as they are. */
  #fail({ request, order, rows }: Part, error: InferenceError, inputs: readonly Column[]): void {
    this.#pendingRows -= rows;
    request.fail(order, error, { run: { rows, inputs }, firstRow: 0, rows });
  }
}

/** A part whose request is not yet wholly written. */
interface Piece {
  readonly gathering: Gathering<InputBatch>;
  readonly firstRow: number;
  rows: number;
}

const inferenceError = (thrown: unknown): InferenceError =>
  thrown instanceof InferenceError ? thrown : modelFailed(messageOf(thrown), thrown);
