import type {
  Consistency,
  FollowOptions,
  OutgoingMessage,
  PublishAck,
  StreamHead,
  StreamMessage,
  StreamStore,
} from '#libs/event-log/index.js';

/** Passes everything on and remembers what was asked. */
export class RecordingStream implements StreamStore {
  readonly name: string;
  readonly calls: string[] = [];

  constructor(private readonly stream: StreamStore) {
    this.name = stream.name;
  }

  publish(message: OutgoingMessage): Promise<PublishAck> {
    this.calls.push(`publish ${message.subject}`);
    return this.stream.publish(message);
  }

  get(seq: number, consistency: Consistency): Promise<StreamMessage | undefined> {
    this.calls.push(`get ${seq} ${consistency}`);
    return this.stream.get(seq, consistency);
  }

  lastOf(subject: string, consistency: Consistency): Promise<StreamMessage | undefined> {
    this.calls.push(`lastOf ${subject} ${consistency}`);
    return this.stream.lastOf(subject, consistency);
  }

  readSubject(
    subject: string,
    fromSeq: number,
    consistency: Consistency,
    limit?: number,
  ): Promise<readonly StreamMessage[]> {
    this.calls.push(`readSubject ${subject} ${fromSeq} ${consistency}`);
    return this.stream.readSubject(subject, fromSeq, consistency, limit);
  }

  readFrom(fromSeq: number, limit: number, consistency: Consistency): Promise<readonly StreamMessage[]> {
    this.calls.push(`readFrom ${fromSeq} ${limit} ${consistency}`);
    return this.stream.readFrom(fromSeq, limit, consistency);
  }

  head(): Promise<StreamHead> {
    this.calls.push('head');
    return this.stream.head();
  }

  follow(options: FollowOptions): AsyncIterable<readonly StreamMessage[]> {
    this.calls.push(`follow ${options.fromSeq}`);
    return this.stream.follow(options);
  }
}
