/**
 * The port under the event log: one stream of a JetStream-like server, and nothing that JetStream does not do.
 * Two adapters implement it (memory with injectable faults, JetStream); one contract suite runs against both.
 */
export interface StreamStore {
  readonly name: string;

  /**
   * Stores one message.
   * @throws StreamConflict when an expectation is given and does not hold.
   * @throws ExpectationMissing when the subject is one of `evt.>` and `expectedLastSubjectSeq` is not given.
   * @throws StreamTimeout when no answer came in time: the message may or may not be stored.
   * @throws StreamUnavailable when the server is known not to have stored it, and may store it when asked again.
   * @throws StreamRefused when the server has not stored it and never will.
   */
  publish(message: OutgoingMessage): Promise<PublishAck>;

  /** The message at a sequence, or undefined where there is none (yet, on a lagging replica). */
  get(seq: number, consistency: Consistency): Promise<StreamMessage | undefined>;

  /** The last message of a literal subject. */
  lastOf(subject: string, consistency: Consistency): Promise<StreamMessage | undefined>;

  /** Messages of a literal subject with a sequence of at least `fromSeq`, in order: all, or the first `limit` of them. */
  readSubject(
    subject: string,
    fromSeq: number,
    consistency: Consistency,
    limit?: number,
  ): Promise<readonly StreamMessage[]>;

  /** At most `limit` messages of all subjects with a sequence of at least `fromSeq`, in order. */
  readFrom(fromSeq: number, limit: number, consistency: Consistency): Promise<readonly StreamMessage[]>;

  /** The stream's last sequence, as its leader answers now. */
  head(): Promise<StreamHead>;

  /**
   * Every message from a sequence on, in order and without a gap, in the batches in which they arrive; never ends by
   * itself. Reconnects and goes on by itself. Ends when the signal aborts.
   * @throws LogCorrupt when a sequence is missing: everything before it has been given.
   * @throws StreamRefused when the stream is not there, StreamUnavailable when its connection is closed for good.
   */
  follow(options: FollowOptions): AsyncIterable<readonly StreamMessage[]>;
}

/** `replica`: any server may answer, perhaps late. `leader`: the answer holds everything acknowledged before the call. */
export type Consistency = 'replica' | 'leader';

/** What must hold for a message to be stored; checked by the server, together. */
export interface Expectation {
  /** The stored message must be the next one of its subject after this sequence; 0 = the first. */
  readonly expectedLastSubjectSeq?: number | undefined;
  /** The stored message must be the next one of the whole stream after this sequence. */
  readonly expectedLastSeq?: number | undefined;
}

export interface OutgoingMessage extends Expectation {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
  /** `Nats-Msg-Id`: an optimisation of the server's, never a guarantee. */
  readonly messageId?: string;
}

export interface PublishAck {
  readonly seq: number;
  readonly duplicate: boolean;
}

export interface StreamMessage {
  readonly seq: number;
  /** Server time, milliseconds since the epoch. */
  readonly time: number;
  readonly subject: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
}

export interface StreamHead {
  /** Sequence of the oldest message; `lastSeq` + 1 in an empty stream. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Server time of the last message, milliseconds since the epoch; 0 in an empty stream. */
  readonly lastTime: number;
}

export interface FollowOptions {
  readonly fromSeq: number;
  readonly signal: AbortSignal;
  /** Most messages in one batch (default 500). */
  readonly maxBatch?: number;
}
