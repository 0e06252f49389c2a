import { systemClock, type Clock } from '#libs/kernel/index.js';
import { columnRules, type ColumnRefusal, type ColumnRules } from './column-rules.js';
import type { Column } from './columns.js';
import { addPart, GivenColumns, gatheringOf, Request, type Gathering } from './gathering.js';
import { GatheringRunner } from './gathering-runner.js';
import { InputBatch } from './input-batch.js';
import type { LoadedModel } from './model.js';
import type { RowRefusal } from './refusal.js';
import type { Done } from './request-outcome.js';
import type { RunObserver } from './run-observer.js';

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
  readonly #runner: GatheringRunner;
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
    this.#runner = new GatheringRunner({
      model,
      observer: options.observer,
      clock: options.clock ?? systemClock,
      newGathering: () => this.#newGathering(),
      giveBack: (batch) => {
        if (batch instanceof InputBatch && this.#free.length < keptBatches) this.#free.push(batch);
      },
      settled: (rows) => {
        this.#pendingRows -= rows;
      },
    });
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
      await this.#runner.run(gathering);
    }
    this.#running = false;
    if (this.#pendingRows === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** A part whose request is not yet wholly written. */
interface Piece {
  readonly gathering: Gathering<InputBatch>;
  readonly firstRow: number;
  rows: number;
}
