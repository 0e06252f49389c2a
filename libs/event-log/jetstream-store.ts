import { headers as natsHeaders, type NatsConnection } from '@nats-io/nats-core';
import { z } from 'zod';
import { header } from '#libs/contracts/index.js';
import { apiError, apiRequest, asPublishError, directBatch, directGet, leaderGet, request } from './jetstream-api.js';
import { followStream } from './jetstream-follow.js';
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

export interface JetStreamStoreOptions {
  readonly connection: NatsConnection;
  /** Name of an existing stream (see ensureStreams). */
  readonly stream: string;
  /** Milliseconds to wait for one answer (default 2,000). */
  readonly timeoutMs?: number;
}

/** A stream on a JetStream server or cluster. Its connection belongs to the caller. */
export class JetStreamStore implements StreamStore {
  readonly name: string;
  private readonly connection: NatsConnection;
  private readonly timeoutMs: number;

  constructor({ connection, stream, timeoutMs = 2_000 }: JetStreamStoreOptions) {
    this.connection = connection;
    this.name = stream;
    this.timeoutMs = timeoutMs;
  }

  async publish(message: OutgoingMessage): Promise<PublishAck> {
    requireExpectation(message);
    const { subject, messageId, expectedLastSubjectSeq, expectedLastSeq } = message;
    const headers = natsHeaders();
    for (const [name, value] of Object.entries(message.headers)) headers.set(name, value);
    if (messageId !== undefined) headers.set(header.messageId, messageId);
    if (expectedLastSubjectSeq !== undefined)
      headers.set(header.expectedLastSubjectSequence, String(expectedLastSubjectSeq));
    if (expectedLastSeq !== undefined) headers.set(header.expectedLastSequence, String(expectedLastSeq));
    const reply = await request(this.connection, subject, message.data, {
      timeoutMs: this.timeoutMs,
      what: `publish to ${subject}`,
      headers,
    });
    const json: unknown = reply.json();
    const failure = apiError(json);
    if (failure !== undefined) throw asPublishError(failure, message);
    const ack = publishAck.parse(json);
    if (ack.stream !== this.name)
      throw new TypeError(`${subject} belongs to stream ${ack.stream}, not to ${this.name}: sequence ${ack.seq}`);
    return { seq: ack.seq, duplicate: ack.duplicate ?? false };
  }

  get(seq: number, consistency: Consistency): Promise<StreamMessage | undefined> {
    return consistency === 'leader'
      ? leaderGet(this.connection, this.name, { seq }, this.timeoutMs)
      : directGet(this.connection, this.name, { seq }, this.timeoutMs);
  }

  lastOf(subject: string, consistency: Consistency): Promise<StreamMessage | undefined> {
    return consistency === 'leader'
      ? leaderGet(this.connection, this.name, { last_by_subj: subject }, this.timeoutMs)
      : directGet(this.connection, this.name, { lastOf: subject }, this.timeoutMs);
  }

  async readSubject(
    subject: string,
    fromSeq: number,
    consistency: Consistency,
    limit = Infinity,
  ): Promise<readonly StreamMessage[]> {
    if (consistency === 'replica') return this.readReplica(subject, fromSeq, limit);
    const last = await this.lastOf(subject, 'leader');
    if (last === undefined || last.seq < fromSeq) return [];
    if (last.seq === fromSeq) return [last];
    return this.readUpTo(subject, fromSeq, last.seq, limit);
  }

  async readFrom(fromSeq: number, limit: number, consistency: Consistency): Promise<readonly StreamMessage[]> {
    if (consistency === 'replica') return this.readReplica(everySubject, fromSeq, limit);
    const { lastSeq } = await this.head();
    return lastSeq < fromSeq ? [] : this.readUpTo(everySubject, fromSeq, lastSeq, limit);
  }

  async head(): Promise<StreamHead> {
    const { state } = await apiRequest(this.connection, `$JS.API.STREAM.INFO.${this.name}`, {}, streamInfo, {
      timeoutMs: this.timeoutMs,
      what: `state of stream ${this.name}`,
    });
    return {
      firstSeq: state.messages === 0 ? state.last_seq + 1 : state.first_seq,
      lastSeq: state.last_seq,
      // An empty stream says year 1.
      lastTime: Math.max(0, Date.parse(state.last_ts)),
    };
  }

  follow(options: FollowOptions): AsyncIterable<readonly StreamMessage[]> {
    return followStream(this.connection, this.name, this.timeoutMs, options);
  }

  /** Whatever the server that answers has: always a beginning of what there is, without holes. */
  private async readReplica(subject: string, fromSeq: number, limit: number): Promise<StreamMessage[]> {
    const found: StreamMessage[] = [];
    let seq = Math.max(1, fromSeq);
    for (let more = true; more && found.length < limit;) {
      const batch = await directBatch(
        this.connection,
        this.name,
        { seq, batch: Math.min(largestBatch, limit - found.length), next_by_subj: subject },
        this.timeoutMs,
      );
      for (const message of batch.messages) found.push(message);
      more = batch.more && batch.messages.length > 0;
      seq = (found.at(-1)?.seq ?? 0) + 1;
    }
    return found;
  }

  /** As far as `lastSeq`, which the leader named: what a replica does not have yet is read through the leader. */
  private async readUpTo(subject: string, fromSeq: number, lastSeq: number, limit: number): Promise<StreamMessage[]> {
    const found = await this.readReplica(subject, fromSeq, limit);
    while (found.length < limit) {
      const next = (found.at(-1)?.seq ?? fromSeq - 1) + 1;
      if (next > lastSeq) break;
      const message = await leaderGet(this.connection, this.name, { seq: next, next_by_subj: subject }, this.timeoutMs);
      if (message === undefined) break;
      found.push(message);
    }
    return found;
  }
}

const everySubject = '>';
/** The server's own limit of a direct batch is 1,024. */
const largestBatch = 1_000;

const publishAck = z.object({ stream: z.string(), seq: z.int().positive(), duplicate: z.boolean().optional() });

const streamInfo = z.object({
  state: z.object({ messages: z.int(), first_seq: z.int(), last_seq: z.int(), last_ts: z.string() }),
});
