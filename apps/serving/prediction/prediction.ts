import type { Rejection } from '#libs/contracts/index.js';
import type { Column, CompletedRun, RequestOutcome } from '#libs/inference/index.js';
import type { Traits } from '../http/request-shape.js';
import type { Servable } from '../models/servable.js';
import { rowId, type RowIds } from '../recording/prediction-ids.js';
import type { Recorded, RequestRows } from '../recording/row-section.js';
import { deadlineExceeded, notRecorded, runFailure, type PredictContext } from './context.js';
import type { Expiring, Slot } from './deadlines.js';
import { recordedFields } from './refusals.js';
import type { Cohort } from './waiting.js';

/** What a request says of itself, whatever brought it. */
export interface Asked extends Traits {
  readonly deployment: string;
  /** Left out: what the deployment serves. Another version than that is refused. */
  readonly version?: string | undefined;
}

/**
 * One request, from its arrival to its answer; at the same time its rows in the recorder. `admit` begins it. It is
 * answered once: when the log holds its rows, or with 504 when its caller stops waiting, whichever comes first. How rows
 * reach the model, what becomes of outputs and what an answer looks like is up to the transport.
 */
export abstract class Prediction implements Recorded, RequestRows, Expiring {
  readonly request = this;
  readonly requestRow = 0;
  readonly deployment: string;
  readonly version: string | undefined;
  readonly requestId: string | undefined;
  readonly subjectId: string | undefined;
  readonly routingKey: string | undefined;
  /** Of each row, when the log holds it; of a refused request one. */
  protected readonly ids: string[] = [];
  #servable: Servable | null = null;
  #sequence = 0;
  #failure: Rejection | null = null;
  #error: Error | null = null;
  /** Rows of the log that the answer waits for. */
  #awaited = 0;
  #settled = 0;
  #cohort: Cohort | null = null;
  #slot: Slot | null = null;
  #answered = false;

  /**
   * `beganAt`: when the request had arrived, `deadlineAt`: when its caller stops waiting (Infinity: it does not); both
   * monotonic milliseconds.
   */
  constructor(
    protected readonly context: PredictContext,
    asked: Asked,
    readonly rows: number,
    readonly beganAt: number,
    readonly deadlineAt: number,
  ) {
    this.deployment = asked.deployment;
    this.version = asked.version;
    this.requestId = asked.requestId;
    this.subjectId = asked.subjectId;
    this.routingKey = asked.routingKey;
  }

  /** Gives all rows, with `ran` and `deadlineAt`, to the version's batcher; or none and says why: the refusal is recorded. */
  protected abstract submit(servable: Servable): Rejection | null;
  /** Takes the outputs of rows `[firstRow, firstRow + rows)` of a run: the request's next ones, in order. */
  protected abstract take(servable: Servable, run: CompletedRun, firstRow: number, rows: number): void;
  /** Every row is served and in the log. */
  protected abstract answer(servable: Servable): void;
  /** The one answer of a request that is not served. `predictionId`: where the refusal is recorded. */
  abstract refused(refusal: Rejection, predictionId?: string): void;

  /** The version that it is routed to by the table of `sequence`. `now`: from when on it waits for the model and the log. */
  routed(servable: Servable, sequence: number, now: number): void {
    servable.usedAt = now;
    const refusal = this.submit(servable);
    if (refusal === null) this.#enter(servable, sequence, this.rows, now);
    else this.refuse(servable, sequence, refusal, now);
  }

  /** Records that it did not pass validation; it is answered when the log holds that. */
  refuse(servable: Servable, sequence: number, refusal: Rejection, now: number): void {
    this.#failure = refusal;
    this.#enter(servable, sequence, 1, now);
    const detail = recordedFields(refusal.errors);
    this.context.recorder.refused(servable.recorded, sequence, this.#part(0, 1), refusal.code, detail);
  }

  /** What became of the rows in the model. */
  protected readonly ran = (outcome: RequestOutcome): void => {
    const servable = this.#servable!;
    const { recorder } = this.context;
    let row = 0;
    if (outcome.ok) {
      for (const { run, firstRow, rows } of outcome.slices) {
        this.context.admission.ran(run.timing.endedAt);
        this.take(servable, run, firstRow, rows);
        recorder.served(servable.recorded, this.#sequence, this.#part(row, rows), run, firstRow);
        row += rows;
      }
      return;
    }
    this.#failure = runFailure(servable, outcome.error, this.givenMs);
    const { code } = this.#failure;
    const detail = JSON.stringify(this.#failure.detail);
    for (const { run, firstRow, rows } of outcome.slices)
      for (let at = firstRow; at < firstRow + rows; at++, row++) {
        const inputs = rowOf(run.inputs, at);
        recorder.failed(servable.recorded, this.#sequence, this.#part(row, 1), { code, detail, inputs });
      }
  };

  stored(ids: RowIds, chunkRow: number, requestRow: number, rows: number): void {
    this.keepIds(ids, chunkRow, requestRow, rows);
    this.#settle(rows);
  }

  /** Those that the answer needs: all, unless a transport says otherwise. The first one always. */
  protected keepIds(ids: RowIds, chunkRow: number, requestRow: number, rows: number): void {
    for (let row = 0; row < rows; row++) this.ids[requestRow + row] = rowId(ids, chunkRow + row);
  }

  notStored(error: Error, rows: number): void {
    this.#error ??= error;
    this.#settle(rows);
  }

  /** Its caller waits no longer. What is under way goes on and is recorded. */
  expired(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.refused(deadlineExceeded(this.givenMs));
  }

  /** The time that its caller gave, milliseconds. */
  get givenMs(): number {
    return Math.round((this.deadlineAt - this.beganAt) * 1000) / 1000;
  }

  #enter(servable: Servable, sequence: number, rows: number, now: number): void {
    const { admission, deadlines } = this.context;
    this.#servable = servable;
    this.#sequence = sequence;
    this.#awaited = rows;
    this.#cohort = admission.enter(rows, now);
    if (this.deadlineAt !== Number.POSITIVE_INFINITY) this.#slot = deadlines.add(this);
  }

  #settle(rows: number): void {
    this.#settled += rows;
    if (this.#settled < this.#awaited) return;
    const { admission, deadlines } = this.context;
    admission.leave(this.#awaited, this.#cohort!);
    if (this.#slot !== null) deadlines.remove(this, this.#slot);
    if (this.#answered) return;
    this.#answered = true;
    if (this.#error !== null) this.refused(notRecorded(this.context, this.#error));
    else if (this.#failure !== null) this.refused(this.#failure, this.ids[0]);
    else if (this.#slot !== null && admission.now() > this.deadlineAt)
      this.refused(deadlineExceeded(this.givenMs), this.ids[0]);
    else this.answer(this.#servable!);
  }

  #part(requestRow: number, rows: number): RequestRows {
    if (rows === this.rows) return this;
    const { requestId, subjectId, routingKey, beganAt } = this;
    return { request: this, requestRow, rows, beganAt, requestId, subjectId, routingKey };
  }
}

/** A copy: a part of the request that was served may have its buffers back before the failed ones are recorded. */
const rowOf = (columns: readonly Column[], row: number): Column[] =>
  columns.map(({ name, type, width, data }) => ({
    name,
    type,
    width,
    data: data.slice(row * width, (row + 1) * width),
  }));
