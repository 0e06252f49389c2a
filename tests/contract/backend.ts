import type { OutgoingMessage, StreamStore } from '#libs/event-log/index.js';

/** What the contract suite runs against. Streams are empty at first and shared by the tests of one run. */
export interface Backend {
  readonly events: StreamStore;
  readonly snapshots: StreamStore;
  /** So many users of EVENTS, each with a connection of its own where there are connections. */
  writers(count: number): Promise<readonly StreamStore[]>;
  /** Stores many messages, in any order. */
  publishMany(messages: readonly OutgoingMessage[]): Promise<void>;
  /** Breaks what the servers can survive; resolves when it is broken or back. Absent where there is no server. */
  disrupt?(): Promise<void>;
  close(): Promise<void>;
}
