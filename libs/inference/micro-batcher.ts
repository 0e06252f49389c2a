import { messageOf } from '#libs/kernel/index.js';
import type { Column } from './columns.js';
import { InferenceError, modelFailed } from './errors.js';
import { InputBatch } from './input-batch.js';
import type { LoadedModel } from './model.js';
import type { RowRefusal } from './refusal.js';

/** The rows of one or more requests as the model got them. */
export interface AttemptedRun {
  readonly rows: number;
  readonly inputs: readonly Column[];
}

/** A run that gave outputs. */
export interface CompletedRun extends AttemptedRun {
  /** Valid until `release`. */
  readonly inputs: readonly Column[];
  readonly outputs: readonly Column[];
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
}

const defaultRowsPerRun = 256;
const keptBatches = 4;

/**
 * Gathers rows of many requests into one run of the model. Runs follow one another; rows that arrive meanwhile are
 * gathered for the next. When a run of several requests fails, each is run again alone, so that a bad input fails
 * no neighbour. Outcomes come by callback, so that a row costs no promise.
 */
export class MicroBatcher {
  readonly #model: LoadedModel;
  readonly #schedule: Schedule;
  readonly #maxRows: number;
  readonly #free: InputBatch[] = [];
  readonly #closed: Gathering[] = [];
  readonly #idle: (() => void)[] = [];
  #open: Gathering | null = null;
  #scheduled = false;
  #running = false;
  #pendingRows = 0;

  constructor(model: LoadedModel, options: MicroBatcherOptions = {}) {
    this.#model = model;
    this.#schedule = options.schedule ?? setImmediate;
    this.#maxRows = options.maxRowsPerRun ?? defaultRowsPerRun;
    if (!Number.isInteger(this.#maxRows) || this.#maxRows < 1) {
      throw new RangeError(`maxRowsPerRun: expected a positive integer, got ${this.#maxRows}`);
    }
  }

  /** Rows accepted and not yet answered: the measure of overload. */
  get pendingRows(): number {
    return this.#pendingRows;
  }

  /** Takes one row. A refusal comes back at once and `done` is not called. */
  submit(input: unknown, done: Done): RowRefusal | null {
    const gathering = this.#gathering();
    const refusal = this.#model.encoder.encode(input, gathering.batch, gathering.rows);
    if (refusal !== null) return refusal;
    gathering.parts.push({ request: new Request(done, 1), order: 0, firstRow: gathering.rows, rows: 1 });
    gathering.rows++;
    this.#accepted(1);
    return null;
  }

  /** Takes the rows of one request, all or none. @throws RangeError for no rows. */
  submitMany(inputs: readonly unknown[], done: Done): ManyRefusal | null {
    if (inputs.length === 0) throw new RangeError('expected at least one row');
    const pieces: Piece[] = [];
    for (let row = 0; row < inputs.length; row++) {
      const piece = this.#pieceWithRoom(pieces);
      const { batch } = piece.gathering;
      const refusal = this.#model.encoder.encode(inputs[row], batch, piece.firstRow + piece.rows);
      if (refusal !== null) return { ...refusal, row };
      piece.rows++;
    }
    const request = new Request(done, pieces.length);
    for (const [order, { gathering, firstRow, rows }] of pieces.entries()) {
      gathering.parts.push({ request, order, firstRow, rows });
      gathering.rows += rows;
      this.#open = gathering;
      if (gathering.rows === this.#maxRows) this.#close();
    }
    this.#accepted(inputs.length);
    return null;
  }

  /** Resolves when every accepted row has been answered. */
  drain(): Promise<void> {
    if (this.#pendingRows === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #gathering(): Gathering {
    if (this.#open !== null && this.#open.rows >= this.#maxRows) this.#close();
    this.#open ??= this.#newGathering();
    return this.#open;
  }

  #newGathering(): Gathering {
    return { batch: this.#free.pop() ?? new InputBatch(this.#model.inputColumns), rows: 0, parts: [] };
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

  async #runGathering({ batch, rows, parts }: Gathering): Promise<void> {
    const inputs = batch.view(0, rows);
    try {
      const outputs = await this.#model.run(inputs, rows);
      const run = new Run(rows, inputs, outputs, () => {
        if (this.#free.length < keptBatches) this.#free.push(batch);
      });
      for (const { request, order, firstRow, rows: count } of parts) {
        this.#pendingRows -= count;
        request.succeed(order, { run, firstRow, rows: count });
      }
    } catch (thrown) {
      const error = inferenceError(thrown);
      const alone = parts.length > 1 && error.code !== 'model_disposed';
      for (const part of parts) {
        if (alone) await this.#runAlone(batch, part);
        else this.#fail(part, error, batch.view(part.firstRow, part.rows));
      }
    }
  }

  async #runAlone(batch: InputBatch, part: Part): Promise<void> {
    const { request, order, rows } = part;
    const inputs = batch.view(part.firstRow, rows);
    try {
      const outputs = await this.#model.run(inputs, rows);
      this.#pendingRows -= rows;
      request.succeed(order, { run: new Run(rows, inputs, outputs, () => undefined), firstRow: 0, rows });
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

/** Rows being gathered for one run. */
interface Gathering {
  readonly batch: InputBatch;
  rows: number;
  readonly parts: Part[];
}

/** The rows of one request within one gathering. */
interface Part {
  readonly request: Request;
  /** Which of the request's parts this is. */
  readonly order: number;
  readonly firstRow: number;
  readonly rows: number;
}

/** A part whose request is not yet wholly encoded. */
interface Piece {
  readonly gathering: Gathering;
  readonly firstRow: number;
  rows: number;
}

class Request {
  readonly #done: Done;
  readonly #completed: RunSlice[] = [];
  readonly #attempted: RunSlice<AttemptedRun>[] = [];
  #error: InferenceError | null = null;
  #outstanding: number;

  constructor(done: Done, parts: number) {
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

class Run implements CompletedRun {
  readonly #giveBack: () => void;
  #released = false;

  constructor(
    readonly rows: number,
    readonly inputs: readonly Column[],
    readonly outputs: readonly Column[],
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

const inferenceError = (thrown: unknown): InferenceError =>
  thrown instanceof InferenceError ? thrown : modelFailed(messageOf(thrown), thrown);
