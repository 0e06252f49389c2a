import type {
  Consistency,
  FollowOptions,
  OutgoingMessage,
  PublishAck,
  StreamHead,
  StreamMessage,
  StreamStore,
} from '#libs/event-log/index.js';

/** The process was killed: nothing that it does reaches anything any more. */
export class PowerCut extends Error {}

/**
 * The life of one process. At each point of what it does its plug may be pulled; from then on every operation fails, as if
 * the process were gone.
 */
export class Plug {
  readonly points: string[] = [];
  private readonly cut = new AbortController();

  /** @param pullAt index of the point at which the plug is pulled; undefined: never */
  constructor(private readonly pullAt?: number) {}

  get pulled(): boolean {
    return this.cut.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.cut.signal;
  }

  pull(): void {
    this.cut.abort();
  }

  /** A point at which it may die. @throws PowerCut */
  point(name: string): void {
    if (!this.pulled) this.points.push(name);
    if (this.points.length - 1 === this.pullAt) this.pull();
    this.check();
  }

  check(): void {
    if (this.pulled) throw new PowerCut('the process was killed');
  }
}

/** A stream as a process sees it that may be killed before and after each message that it stores. */
export class CuttableStream implements StreamStore {
  readonly name: string;

  constructor(
    private readonly stream: StreamStore,
    private readonly plug: Plug,
  ) {
    this.name = stream.name;
  }

  async publish(message: OutgoingMessage): Promise<PublishAck> {
    this.plug.point(`before ${message.subject}`);
    const ack = await this.stream.publish(message);
    this.plug.point(`after ${message.subject}`);
    return ack;
  }

  get(seq: number, consistency: Consistency): Promise<StreamMessage | undefined> {
    return this.alive(() => this.stream.get(seq, consistency));
  }

  lastOf(subject: string, consistency: Consistency): Promise<StreamMessage | undefined> {
    return this.alive(() => this.stream.lastOf(subject, consistency));
  }

  readSubject(
    subject: string,
    fromSeq: number,
    consistency: Consistency,
    limit?: number,
  ): Promise<readonly StreamMessage[]> {
    return this.alive(() => this.stream.readSubject(subject, fromSeq, consistency, limit));
  }

  readFrom(fromSeq: number, limit: number, consistency: Consistency): Promise<readonly StreamMessage[]> {
    return this.alive(() => this.stream.readFrom(fromSeq, limit, consistency));
  }

  head(): Promise<StreamHead> {
    return this.alive(() => this.stream.head());
  }

  async *follow(options: FollowOptions): AsyncIterable<readonly StreamMessage[]> {
    const signal = AbortSignal.any([options.signal, this.plug.signal]);
    for await (const batch of this.stream.follow({ ...options, signal })) {
      this.plug.check();
      yield batch;
    }
    this.plug.check();
  }

  private async alive<T>(read: () => Promise<T>): Promise<T> {
    this.plug.check();
    const found = await read();
    this.plug.check();
    return found;
  }
}
