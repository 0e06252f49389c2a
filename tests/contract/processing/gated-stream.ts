import {
  FaultyStream,
  scriptedFaults,
  type FollowOptions,
  type StreamHead,
  type StreamMessage,
  type StreamStore,
} from '#libs/event-log/index.js';

/** A stream whose follower can be held back, as the connection of a process is that was stopped for a while. */
export class GatedStream extends FaultyStream {
  private gate: Promise<void> = Promise.resolve();
  private release: () => void = () => undefined;
  /** How often it was asked where it ends. */
  heads = 0;

  constructor(stream: StreamStore) {
    super(stream, scriptedFaults({}));
  }

  hold(): void {
    this.gate = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  letGo(): void {
    this.release();
  }

  override head(): Promise<StreamHead> {
    this.heads += 1;
    return super.head();
  }

  override async *follow(options: FollowOptions): AsyncIterable<readonly StreamMessage[]> {
    for await (const batch of super.follow(options)) {
      await this.gate;
      yield batch;
    }
  }
}
