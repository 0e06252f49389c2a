import { encodeChunk, maxChunkRows } from '#libs/contracts/index.js';
import { sliceOf, type Column as RunColumn, type ColumnData, type CompletedRun } from '#libs/inference/index.js';
import { joined } from '../joined-columns.js';
import type { Traits } from '../http/request-shape.js';
import type { RecordedVersion } from './recorded-version.js';
import { RowSection, type RequestRows } from './row-section.js';
import { rowBytes, textBytes, traitBytes } from './row-size.js';

/** Columns of rows of one run, in order. */
export interface RunRows {
  readonly run: CompletedRun;
  readonly firstRow: number;
  readonly rows: number;
}

/** Bytes of a chunk's fixed parts beside its schema, generously. */
const fixedBytes = 512;
/** Of one row: arm, latency, begin. */
const rowOverhead = 9;

/** The rows of one event-loop tick with the same version and routing table, until they are encoded. */
export class OpenChunk {
  readonly served = new RowSection();
  readonly failed = new RowSection();
  readonly refused = new RowSection();
  readonly codes: string[] = [];
  readonly details: string[] = [];
  #spans: RunRows[] = [];
  readonly #failedInputs: RunColumn[][] = [];
  #bytes: number;

  constructor(
    readonly version: RecordedVersion,
    readonly sequence: number,
  ) {
    this.#bytes = fixedBytes + version.schemaAt(sequence).bytes.length;
  }

  get rows(): number {
    return this.served.rows + this.failed.rows + this.refused.rows;
  }

  /** How many of these rows still fit; at least one in an empty chunk, so that a large row travels alone. */
  roomFor(span: RunRows, traits: Traits, maxBytes: number): number {
    const most = Math.min(span.rows, maxChunkRows - this.rows);
    const shared = rowOverhead + traitBytes(traits);
    let bytes = this.#bytes;
    const fixed = this.version.rowBytes;
    let fits: number;
    if (fixed !== null) fits = Math.min(most, Math.floor((maxBytes - bytes) / (fixed + shared)));
    else
      for (fits = 0; fits < most; fits++) {
        bytes +=
          shared + rowBytes(span.run.inputs, span.firstRow + fits) + rowBytes(span.run.outputs, span.firstRow + fits);
        if (bytes > maxBytes) break;
      }
    return Math.max(this.rows === 0 ? 1 : 0, fits);
  }

  addServed(part: RequestRows, span: RunRows, now: number): void {
    this.served.add(part, now);
    const fixed = this.version.rowBytes;
    this.#bytes += span.rows * (rowOverhead + traitBytes(part) + (fixed ?? 0));
    if (fixed === null)
      for (let row = span.firstRow; row < span.firstRow + span.rows; row++)
        this.#bytes += rowBytes(span.run.inputs, row) + rowBytes(span.run.outputs, row);
    const last = this.#spans.at(-1);
    if (last?.run === span.run && last.firstRow + last.rows === span.firstRow)
      this.#spans[this.#spans.length - 1] = { ...last, rows: last.rows + span.rows };
    else this.#spans.push(span);
  }

  /** One row that reached the model, which failed. `inputs`: as the model received them, one row. */
  addFailed(part: RequestRows, code: string, detail: string, inputs: readonly RunColumn[], now: number): void {
    // Failed rows stand before refused ones, their codes too.
    const at = this.failed.rows;
    this.failed.add(part, now);
    this.codes.splice(at, 0, code);
    this.details.splice(at, 0, detail);
    this.#failedInputs.push([...inputs]);
    this.#bytes += rowOverhead + traitBytes(part) + textBytes(code) + textBytes(detail) + rowBytes(inputs, 0);
  }

  addRefused(part: RequestRows, code: string, detail: string, now: number): void {
    this.refused.add(part, now);
    this.codes.push(code);
    this.details.push(detail);
    this.#bytes += rowOverhead + traitBytes(part) + textBytes(code) + textBytes(detail);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param clockOffset wall-clock minus monotonic milliseconds
   * @param queued rows accepted and not answered in this process
   */
  encode(counter: number, givenUp: readonly number[], clockOffset: number, queued: number): Uint8Array {
    const { schema, bytes } = this.version.schemaAt(this.sequence);
    const sections = [this.served, this.failed, this.refused];
    const all = this.rows;
    const latencyUs = new Uint32Array(all);
    const beganOffsetUs = new Uint32Array(all);
    const earliest = earliestOf(sections);
    let at = 0;
    for (const { parts, latencyMs } of sections)
      for (const [index, { rows, beganAt }] of parts.entries()) {
        latencyUs.fill(microseconds(latencyMs[index]!), at, at + rows);
        beganOffsetUs.fill(microseconds(beganAt - earliest), at, at + rows);
        at += rows;
      }
    return encodeChunk(schema, bytes, {
      counter,
      givenUp,
      beganAt: earliest + clockOffset,
      queued,
      served: this.served.rows,
      failed: this.failed.rows,
      refused: this.refused.rows,
      arm: armsOf(all),
      latencyUs,
      beganOffsetUs,
      ...this.#traits(sections),
      codes: this.codes,
      details: this.details,
      inputs: this.version.inputs.map(({ type }, index) =>
        joined(type, [
          ...this.#spans.map(({ run, firstRow, rows }) => rowsOf(run.inputs[index]!, firstRow, rows)),
          ...this.#failedInputs.map((inputs) => rowsOf(inputs[index]!, 0, 1)),
        ]),
      ),
      outputs: this.version.outputs.map(({ type }, index) =>
        joined(
          type,
          this.#spans.map(({ run, firstRow, rows }) => rowsOf(run.outputs[index]!, firstRow, rows)),
        ),
      ),
    });
  }

  /** Gives back the input buffers of runs that are wholly in this chunk; others may still be read. */
  release(): void {
    for (const { run, rows } of this.#spans) if (rows === run.rows) run.release();
    this.#spans = [];
  }

  #traits(sections: readonly RowSection[]) {
    const some = (has: (section: RowSection) => boolean): boolean => sections.some(has);
    const column = (of: (part: RequestRows) => string | undefined): (string | undefined)[] =>
      sections.flatMap((section) =>
        section.parts.flatMap((part) => new Array<string | undefined>(part.rows).fill(of(part))),
      );
    return {
      ...(some((section) => section.hasRequestIds) ? { requestIds: column((part) => part.requestId) } : {}),
      ...(some((section) => section.hasSubjectIds) ? { subjectIds: column((part) => part.subjectId) } : {}),
      ...(some((section) => section.hasRoutingKeys) ? { routingKeys: column((part) => part.routingKey) } : {}),
    };
  }
}

const maxMicroseconds = 2 ** 32 - 1;
const microseconds = (milliseconds: number): number =>
  Math.min(maxMicroseconds, Math.max(0, Math.round(milliseconds * 1000)));

function earliestOf(sections: readonly RowSection[]): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { parts } of sections) for (const { beganAt } of parts) if (beganAt < earliest) earliest = beganAt;
  return earliest;
}

/** Direct deployments have one arm. */
let firstArm = new Uint8Array(1024);
function armsOf(rows: number): Uint8Array {
  if (firstArm.length < rows) firstArm = new Uint8Array(rows);
  return firstArm;
}

const rowsOf = ({ data, width }: RunColumn, firstRow: number, rows: number): ColumnData =>
  sliceOf(data, firstRow * width, rows * width);
