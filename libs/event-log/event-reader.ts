import type { AnyEvent, DecodeFailure, EventCatalogue, RecordedEvent } from '#libs/contracts/index.js';
import { decodeBody, decodeEnvelope } from './event-codec.js';
import type { Consistency, FollowOptions, StreamHead, StreamMessage, StreamStore } from './stream-store.js';

/** A stored message that this reader's catalogue cannot read: count it, show it, go on. */
export interface UnknownRecord {
  readonly seq: number;
  /** Time the server stored it, milliseconds since the epoch. */
  readonly storedAt: number;
  readonly subject: string;
  readonly unknown: DecodeFailure | { readonly code: 'malformed_envelope'; readonly detail: string };
}

export type LogRecord<Event extends AnyEvent = AnyEvent> = RecordedEvent<Event> | UnknownRecord;

export const isUnknown = <Event extends AnyEvent>(record: LogRecord<Event>): record is UnknownRecord =>
  'unknown' in record;

export interface PageFilter {
  /** Event types; all when absent. */
  readonly types?: readonly string[];
  /** A literal subject, for example `subjects.model('churn')`. */
  readonly aggregate?: string;
}

export interface Page<Event extends AnyEvent = AnyEvent> {
  readonly records: readonly LogRecord<Event>[];
  /** Where the next page begins; undefined when this one reached the end of the log. */
  readonly nextSeq: number | undefined;
  /** The log's last sequence when the page was read. */
  readonly lastSeq: number;
}

/** Reads the governance log. Never fails on an event that it does not know; does not verify hashes (see verifyEvents). */
export class EventReader<Event extends AnyEvent = AnyEvent> {
  /** @param catalogue holds every type of `Event`; what is outside it becomes an UnknownRecord */
  constructor(
    private readonly events: StreamStore,
    private readonly catalogue: EventCatalogue,
  ) {}

  /**
   * Every record from a sequence on, in order and without a gap, in batches as they arrive; ends with the signal.
   * @throws LogCorrupt when a sequence is missing.
   */
  async *follow(options: FollowOptions): AsyncIterable<readonly LogRecord<Event>[]> {
    for await (const batch of this.events.follow(options)) yield batch.map((message) => this.decode(message));
  }

  /** The record at a sequence; undefined where there is none. */
  async read(seq: number, consistency: Consistency = 'leader'): Promise<LogRecord<Event> | undefined> {
    const message = await this.events.get(seq, consistency);
    return message && this.decode(message);
  }

  /**
   * At most `limit` records from a sequence on, as the leader has them now. A filtered page may hold fewer, even none,
   * and still have a next one: one call looks at 5,000 messages at most.
   */
  async page(fromSeq: number, limit: number, filter: PageFilter = {}): Promise<Page<Event>> {
    const { lastSeq } = await this.events.head();
    const records: LogRecord<Event>[] = [];
    const wanted = wants(filter);
    let next = Math.max(1, fromSeq);
    for (let scanned = 0; next <= lastSeq && scanned < mostScanned;) {
      const messages = await this.readSome(next, filter.aggregate, limit - records.length, lastSeq);
      if (messages.length === 0) return { records, nextSeq: undefined, lastSeq };
      scanned += messages.length;
      for (const message of messages) {
        next = message.seq + 1;
        const record = this.decode(message);
        if (wanted(record)) records.push(record);
        if (records.length === limit) return { records, nextSeq: next <= lastSeq ? next : undefined, lastSeq };
      }
    }
    return { records, nextSeq: next <= lastSeq ? next : undefined, lastSeq };
  }

  head(): Promise<StreamHead> {
    return this.events.head();
  }

  private async readSome(
    fromSeq: number,
    aggregate: string | undefined,
    missing: number,
    lastSeq: number,
  ): Promise<readonly StreamMessage[]> {
    const messages =
      aggregate === undefined
        ? await this.events.readFrom(fromSeq, Math.max(missing, scanAtOnce), 'leader')
        : await this.events.readSubject(aggregate, fromSeq, 'leader');
    return messages.filter(({ seq }) => seq <= lastSeq);
  }

  private decode(message: StreamMessage): LogRecord<Event> {
    const place = { seq: message.seq, storedAt: message.time, subject: message.subject };
    const envelope = decodeEnvelope(message);
    if (!envelope.ok) return { ...place, unknown: { code: 'malformed_envelope', detail: envelope.rejection } };
    const event = decodeBody(this.catalogue, envelope.value, message);
    if (!event.ok) return { ...place, unknown: event.rejection };
    const { type: _type, ...recorded } = envelope.value;
    // The catalogue validated it; that it covers `Event` is the constructor's condition.
    return { ...recorded, event: event.value as Event };
  }
}

const scanAtOnce = 200;
const mostScanned = 5_000;

function wants({ types }: PageFilter): (record: LogRecord) => boolean {
  if (types === undefined) return () => true;
  const wanted = new Set(types);
  return (record) => {
    if (!isUnknown(record)) return wanted.has(record.event.type);
    return 'type' in record.unknown && wanted.has(record.unknown.type);
  };
}
