import type { FollowOptions, StreamHead } from '#libs/event-log/index.js';
import type { StreamName } from '../projection.js';
import type { MessageSource, Position } from '../source.js';

/** For specs: a stream in an array, with cuts and failures on demand. */
export class ArraySource<Message> implements MessageSource<Message> {
  readonly messages: Message[] = [];
  maxBatch = 500;
  /** How many messages the next batch holds at most; asked for each batch. */
  cut: () => number = () => Infinity;
  private waiting: (() => void)[] = [];
  private failure: Error | undefined;

  constructor(
    readonly stream: StreamName,
    readonly positionOf: (message: Message) => Position,
  ) {}

  append(...messages: readonly Message[]): void {
    this.messages.push(...messages);
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Whoever follows meets it once. */
  failOnce(failure: Error): void {
    this.failure = failure;
    for (const wake of this.waiting.splice(0)) wake();
  }

  head(): Promise<StreamHead> {
    const last = this.messages.at(-1);
    const position = last === undefined ? undefined : this.positionOf(last);
    return Promise.resolve({ firstSeq: 1, lastSeq: position?.seq ?? 0, lastTime: position?.storedAt ?? 0 });
  }

  async *follow({ fromSeq, signal, maxBatch = 500 }: FollowOptions): AsyncIterable<readonly Message[]> {
    const wake = (): void => {
      for (const waiter of this.waiting.splice(0)) waiter();
    };
    signal.addEventListener('abort', wake);
    let next = this.messages.findIndex((message) => this.positionOf(message).seq >= fromSeq);
    if (next === -1) next = this.messages.length;
    while (!signal.aborted) {
      if (this.failure !== undefined) {
        const failure = this.failure;
        this.failure = undefined;
        throw failure;
      }
      const batch = this.messages.slice(next, next + Math.min(maxBatch, this.cut()));
      next += batch.length;
      if (batch.length > 0) yield batch;
      else await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    signal.removeEventListener('abort', wake);
  }
}
