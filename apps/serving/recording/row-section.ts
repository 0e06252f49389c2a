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
  /** Of each part: milliseconds until the outcome of its rows was known. */
  readonly latencyMs: number[] = [];
  rows = 0;
  hasRequestIds = false;
  hasSubjectIds = false;
  hasRoutingKeys = false;

  add(part: RequestRows, now: number): void {
    this.parts.push(part);
    this.latencyMs.push(now - part.beganAt);
    this.rows += part.rows;
    if (part.requestId !== undefined) this.hasRequestIds = true;
    if (part.subjectId !== undefined) this.hasSubjectIds = true;
    if (part.routingKey !== undefined) this.hasRoutingKeys = true;
  }
}
