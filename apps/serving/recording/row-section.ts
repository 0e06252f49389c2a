import type { Traits } from '../http/request-shape.js';
import type { RowIds } from './prediction-ids.js';

/** A request whose rows are being recorded. Called once for every run of rows that went into one chunk. */
export interface Recorded {
  /** Rows `requestRow …` of the request are rows `chunkRow …` of a chunk whose ids are given. */
  stored(ids: RowIds, chunkRow: number, requestRow: number, rows: number): void;
  /** `rows` of the request's rows are not known to be stored. */
  notStored(error: Error, rows: number): void;
}

/** Rows of a request as they are handed to the recorder. */
export interface RequestRows extends Traits {
  readonly request: Recorded;
  /** The first of these rows within the request. */
  readonly requestRow: number;
  readonly rows: number;
  /** When the request had arrived, monotonic milliseconds. */
  readonly beganAt: number;
}

/** Rows of one outcome within a chunk, and the requests that wait for them. */
export class RowSection {
  readonly parts: RequestRows[] = [];
  /** Of each row: monotonic milliseconds when it began, and milliseconds until its outcome was known. */
  readonly beganAt: number[] = [];
  readonly latencyMs: number[] = [];
  hasRequestIds = false;
  hasSubjectIds = false;
  hasRoutingKeys = false;

  get rows(): number {
    return this.beganAt.length;
  }

  add(part: RequestRows, now: number): void {
    this.parts.push(part);
    const { rows, beganAt } = part;
    for (let row = 0; row < rows; row++) {
      this.beganAt.push(beganAt);
      this.latencyMs.push(now - beganAt);
    }
    if (part.requestId !== undefined) this.hasRequestIds = true;
    if (part.subjectId !== undefined) this.hasSubjectIds = true;
    if (part.routingKey !== undefined) this.hasRoutingKeys = true;
  }
}
