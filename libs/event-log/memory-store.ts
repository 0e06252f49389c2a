import { header } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { StreamConflict } from './errors.js';
import { requireExpectation } from './require-expectation.js';
import type {
  Consistency,
  FollowOptions,
  OutgoingMessage,
  PublishAck,
  StreamHead,
  StreamMessage,
  StreamStore,
} from './stream-store.js';

export interface MemoryStreamOptions {
  readonly name: string;
  /** The server's clock. */
  readonly clock: Clock;
  /**
   * What a server checks first. One replica compares the expected sequences, the subject's first, so that a repeated
   * message is a conflict; three compare the message id, so that it is a duplicate (EVENT_LOG.md, rule 4), then the
   * stream's last sequence, then the subject's. Default 1.
   */
  readonly replicas?: 1 | 3;
  /** Milliseconds for which message ids are remembered (default 120,000, as JetStream's). */
  readonly duplicateWindowMs?: number;
  /** Keep only the newest message of each subject (default: all). */
  readonly lastPerSubject?: boolean;
}

/** A stream as JetStream keeps it, in memory. For faults, see FaultyStream. */
export class MemoryStream implements StreamStore {
  readonly name: string;
  private readonly messages: StreamMessage[] = [];
  private readonly bySubject = new Map<string, StreamMessage[]>();
  private readonly messageIds = new Map<string, { readonly seq: number; readonly time: number }>();
  private readonly arrivals = new Set<() => void>();

  constructor(private readonly options: MemoryStreamOptions) {
    this.name = options.name;
  }

  async publish(message: OutgoingMessage): Promise<PublishAck> {
    requireExpectation(message);
    await turn();
    return this.store(message);
  }

  async get(seq: number, _consistency: Consistency): Promise<StreamMessage | undefined> {
    await turn();
    const message = this.messages[seq - 1];
    return message !== undefined && this.isKept(message) ? message : undefined;
  }

  async lastOf(subject: string, _consistency: Consistency): Promise<StreamMessage | undefined> {
    await turn();
    return this.bySubject.get(subject)?.at(-1);
  }

  async readSubject(
    subject: string,
    fromSeq: number,
    _consistency: Consistency,
    limit = Infinity,
  ): Promise<readonly StreamMessage[]> {
    await turn();
    return (this.bySubject.get(subject) ?? []).filter(({ seq }) => seq >= fromSeq).slice(0, limit);
  }

  async readFrom(fromSeq: number, limit: number, _consistency: Consistency): Promise<readonly StreamMessage[]> {
    await turn();
    const from = Math.max(0, fromSeq - 1);
    if (this.options.lastPerSubject !== true) return this.messages.slice(from, from + limit);
    return this.messages
      .slice(from)
      .filter((message) => this.isKept(message))
      .slice(0, limit);
  }

  async head(): Promise<StreamHead> {
    await turn();
    const last = this.messages.at(-1);
    const first = this.messages.find((message) => this.isKept(message));
    return { firstSeq: first?.seq ?? this.messages.length + 1, lastSeq: last?.seq ?? 0, lastTime: last?.time ?? 0 };
  }

  async *follow({ fromSeq, signal, maxBatch = 500 }: FollowOptions): AsyncIterable<readonly StreamMessage[]> {
    let next = Math.max(1, fromSeq);
    while (!signal.aborted) {
      const batch = this.messages.slice(next - 1, next - 1 + maxBatch);
      if (batch.length === 0) {
        await this.arrival(signal);
        continue;
      }
      next += batch.length;
      const kept = batch.filter((message) => this.isKept(message));
      if (kept.length > 0) yield kept;
    }
  }

  /** Changes a stored message behind everyone's back, as a failing disk or an intruder would. */
  tamper(seq: number, change: (message: StreamMessage) => StreamMessage): void {
    const before = this.messages[seq - 1];
    if (before === undefined) throw new RangeError(`there is no message at sequence ${seq}`);
    const after = change(before);
    this.messages[seq - 1] = after;
    const ofSubject = this.bySubject.get(before.subject)!;
    ofSubject[ofSubject.indexOf(before)] = after;
  }

  private store(message: OutgoingMessage): PublishAck {
    if (this.options.replicas !== 3) this.checkExpectation(message);
    const duplicate = this.duplicateOf(message);
    if (duplicate !== undefined) return { seq: duplicate, duplicate: true };
    this.checkExpectation(message);
    const stored: StreamMessage = {
      seq: this.messages.length + 1,
      time: this.options.clock.now(),
      subject: message.subject,
      headers: new Map(
        Object.entries({
          ...message.headers,
          ...(message.messageId === undefined ? {} : { [header.messageId]: message.messageId }),
          ...(message.expectedLastSubjectSeq === undefined
            ? {}
            : { [header.expectedLastSubjectSequence]: String(message.expectedLastSubjectSeq) }),
          ...(message.expectedLastSeq === undefined
            ? {}
            : { [header.expectedLastSequence]: String(message.expectedLastSeq) }),
        }),
      ),
      data: Uint8Array.from(message.data),
    };
    this.messages.push(stored);
    const ofSubject = this.options.lastPerSubject ? [] : (this.bySubject.get(message.subject) ?? []);
    ofSubject.push(stored);
    this.bySubject.set(message.subject, ofSubject);
    if (message.messageId !== undefined) this.messageIds.set(message.messageId, { seq: stored.seq, time: stored.time });
    for (const wake of this.arrivals) wake();
    return { seq: stored.seq, duplicate: false };
  }

  /** As the server: by message id alone, whatever the subject. */
  private duplicateOf({ messageId }: OutgoingMessage): number | undefined {
    const earlier = messageId === undefined ? undefined : this.messageIds.get(messageId);
    const since = this.options.clock.now() - (this.options.duplicateWindowMs ?? 120_000);
    return earlier !== undefined && earlier.time >= since ? earlier.seq : undefined;
  }

  private checkExpectation({ subject, expectedLastSubjectSeq, expectedLastSeq }: OutgoingMessage): void {
    const ofSubject = { expected: expectedLastSubjectSeq, last: this.bySubject.get(subject)?.at(-1)?.seq ?? 0 };
    const ofStream = { expected: expectedLastSeq, last: this.messages.length };
    for (const { expected, last } of this.options.replicas === 3 ? [ofStream, ofSubject] : [ofSubject, ofStream])
      if (expected !== undefined && expected !== last)
        throw new StreamConflict(subject, { expectedLastSubjectSeq, expectedLastSeq }, last);
  }

  private isKept(message: StreamMessage): boolean {
    return this.options.lastPerSubject !== true || this.bySubject.get(message.subject)?.at(-1) === message;
  }

  private arrival(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.arrivals.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.arrivals.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/** An answer never comes in the same turn of the event loop: what else is ready may run first. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
