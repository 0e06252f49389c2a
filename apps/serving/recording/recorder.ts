import type { BulkPublisher } from '#libs/event-log/index.js';
import type { Column, CompletedRun } from '#libs/inference/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { OpenChunk } from './open-chunk.js';
import { predictionIds, unacknowledgedIds, type RowIds } from './prediction-ids.js';
import type { RecordedVersion } from './recorded-version.js';
import type { RequestRows, RowSection } from './row-section.js';
import { rowBytes, textBytes } from './row-size.js';

export interface RecorderOptions {
  readonly epoch: string;
  readonly publisher: Pick<BulkPublisher, 'publishWith'>;
  readonly clock: Clock;
  /** When a tick's chunks are closed (default `setImmediate`). */
  readonly schedule?: (close: () => void) => void;
  /** Bytes that a chunk should not exceed (default 512 KiB, EVENT_LOG.md rule 8). A row that is larger travels alone. */
  readonly maxChunkBytes?: number;
  /** Rows accepted and not answered in this process: noted in every chunk (default none). */
  readonly queuedRows?: () => number;
  /** Told after every publish. `error` undefined: stored. */
  readonly onPublished?: (published: Published) => void;
}

export interface Published {
  readonly version: RecordedVersion;
  readonly rows: number;
  readonly bytes: number;
  /** Milliseconds from publishing to the answer. */
  readonly tookMs: number;
  readonly error: Error | undefined;
}

/** Given-up counters that one chunk names; more wait for the next. */
const maxGivenUp = 1_000;

/**
 * Records predictions: gathers the rows of one event-loop tick by version and routing table, publishes each group as one
 * chunk and tells every request when the log holds its rows. Counters run 1, 2, 3 … over the epoch. A counter whose
 * publish failed is given up, and named in every further chunk until one that names it is stored.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #schedule: (close: () => void) => void;
  readonly #maxBytes: number;
  readonly #idsOf: (seq: number) => RowIds;
  readonly #givenUp = new Set<number>();
  #open: OpenChunk[] = [];
  #scheduled = false;
  #counter = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#schedule = options.schedule ?? setImmediate;
    this.#maxBytes = options.maxChunkBytes ?? 512 * 1024;
    this.#idsOf = predictionIds(options.epoch);
  }

  /** Rows `[firstRow, firstRow + part.rows)` of a run, routed by the table of `sequence`. */
  served(version: RecordedVersion, sequence: number, part: RequestRows, run: CompletedRun, firstRow: number): void {
    const now = this.#options.clock.monotonic();
    version.counts.ran(part, run, firstRow, now);
    for (let done = 0; done < part.rows;) {
      const chunk = this.#chunkFor(version, sequence);
      const rest = part.rows - done;
      const fits = chunk.roomFor({ run, firstRow: firstRow + done, rows: rest }, part, this.#maxBytes);
      if (fits === 0) {
        this.#close(chunk);
        continue;
      }
      const piece = fits === part.rows ? part : { ...part, requestRow: part.requestRow + done, rows: fits };
      chunk.addServed(piece, { run, firstRow: firstRow + done, rows: fits }, now);
      done += fits;
    }
  }

  /** One row on which the model failed. `inputs` are kept until the chunk is closed. */
  failed(
    version: RecordedVersion,
    sequence: number,
    part: RequestRows,
    failure: { readonly code: string; readonly detail: string; readonly inputs: readonly Column[] },
  ): void {
    const chunk = this.#roomyChunkFor(version, sequence, rowBytes(failure.inputs, 0) + textBytes(failure.detail));
    chunk.addFailed(part, failure.code, failure.detail, failure.inputs, this.#options.clock.monotonic());
  }

  /** A request that did not pass validation: one row without values. */
  refused(version: RecordedVersion, sequence: number, part: RequestRows, code: string, detail: string): void {
    this.#roomyChunkFor(version, sequence, textBytes(detail)).addRefused(
      part,
      code,
      detail,
      this.#options.clock.monotonic(),
    );
  }

  /** Publishes what is gathered at once: before a drain. */
  flush(): void {
    for (const chunk of this.#open.splice(0)) this.#publish(chunk);
  }

  #chunkFor(version: RecordedVersion, sequence: number): OpenChunk {
    for (const chunk of this.#open) if (chunk.version === version && chunk.sequence === sequence) return chunk;
    const chunk = new OpenChunk(version, sequence);
    this.#open.push(chunk);
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#schedule(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
    return chunk;
  }

  /** `bytes`: what one more row brings. A row that is larger than a chunk should be travels alone. */
  #roomyChunkFor(version: RecordedVersion, sequence: number, bytes: number): OpenChunk {
    const chunk = this.#chunkFor(version, sequence);
    if (chunk.bytes + bytes < this.#maxBytes || chunk.rows === 0) return chunk;
    this.#close(chunk);
    return this.#chunkFor(version, sequence);
  }

  #close(chunk: OpenChunk): void {
    this.#open.splice(this.#open.indexOf(chunk), 1);
    this.#publish(chunk);
  }

  #publish(chunk: OpenChunk): void {
    const { clock, publisher, epoch, onPublished, queuedRows } = this.#options;
    const counter = ++this.#counter;
    const givenUp = [...this.#givenUp].slice(0, maxGivenUp);
    const sentAt = clock.monotonic();
    const data = chunk.encode(counter, givenUp, clock.now() - sentAt, queuedRows?.() ?? 0);
    const { version, served, failed, refused, rows } = chunk;
    chunk.release();
    version.counts.tick(served, failed, refused);
    if (!version.acknowledged) stored(chunk, unacknowledgedIds(epoch, counter));

    const { subject, headers } = version;
    publisher.publishWith({ subject, headers, data, messageId: `${epoch}-${counter}` }, (error, seq) => {
      if (error === undefined) for (const named of givenUp) this.#givenUp.delete(named);
      else this.#givenUp.add(counter);
      onPublished?.({ version, rows, bytes: data.length, tookMs: clock.monotonic() - sentAt, error });
      if (!version.acknowledged) return;
      if (error === undefined) stored(chunk, this.#idsOf(seq));
      else notStored(chunk, error);
    });
  }
}

function stored({ served, failed, refused }: OpenChunk, ids: RowIds): void {
  storedSection(served, ids, 0);
  if (failed.rows > 0) storedSection(failed, ids, served.rows);
  if (refused.rows > 0) storedSection(refused, ids, served.rows + failed.rows);
}

function storedSection({ parts }: RowSection, ids: RowIds, firstRow: number): void {
  let row = firstRow;
  for (const { request, requestRow, rows } of parts) {
    request.stored(ids, row, requestRow, rows);
    row += rows;
  }
}

function notStored({ served, failed, refused }: OpenChunk, error: Error): void {
  for (const { parts } of [served, failed, refused])
    for (const { request, rows } of parts) request.notStored(error, rows);
}
