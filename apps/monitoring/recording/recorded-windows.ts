import { header, subjects } from '#libs/contracts/index.js';
import type { StreamMessage, StreamStore } from '#libs/event-log/index.js';

/** A record that stands on WINDOWS. */
export interface RecordedWindow {
  readonly seq: number;
  readonly id: string;
  /** Sequence in TRAFFIC of the message that caused it. */
  readonly cause: number;
  readonly data: Uint8Array;
}

/** Records of a page: one of a thousand columns takes half a megabyte. */
const pageRecords = 16;

/** What stood on `window.<deployment>` behind a checkpoint when the deployment was taken up, record by record. */
export class RecordedWindows {
  #page: readonly StreamMessage[] = [];
  #at = 0;
  #lastSeq: number;

  private constructor(
    private readonly windows: StreamStore,
    private readonly subject: string,
    afterSeq: number,
    private readonly headSeq: number,
    /** Sequence in TRAFFIC that caused the last of them; 0 where there is none. */
    readonly through: number,
  ) {
    this.#lastSeq = afterSeq;
  }

  /** @param afterSeq in WINDOWS. @throws EventLogError. */
  static async behind(windows: StreamStore, deployment: string, afterSeq: number): Promise<RecordedWindows> {
    const subject = subjects.windows(deployment);
    const last = await windows.lastOf(subject, 'leader');
    return new RecordedWindows(windows, subject, afterSeq, last?.seq ?? 0, last === undefined ? 0 : causeOf(last));
  }

  /** Sequence in WINDOWS of the record that was taken last. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** The next one, which stays the next until it is taken; undefined behind the last. @throws EventLogError. */
  async peek(): Promise<RecordedWindow | undefined> {
    if (this.#at === this.#page.length) {
      if (this.#lastSeq >= this.headSeq) return undefined;
      this.#page = await this.windows.readSubject(this.subject, this.#lastSeq + 1, 'leader', pageRecords);
      this.#at = 0;
    }
    const message = this.#page[this.#at];
    if (message === undefined) return undefined;
    const { seq, data, headers } = message;
    return { seq, data, id: headers.get(header.id) ?? '', cause: causeOf(message) };
  }

  take(record: RecordedWindow): void {
    this.#lastSeq = record.seq;
    this.#at += 1;
  }

  /** One more stands behind them. */
  appended(seq: number): void {
    this.#lastSeq = seq;
  }
}

const causeOf = ({ headers }: StreamMessage): number => Number(headers.get(header.trafficSeq) ?? 0);
