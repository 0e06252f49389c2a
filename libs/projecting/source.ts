import type { GovernanceEvent } from '#libs/contracts/index.js';
import type {
  EventReader,
  FollowOptions,
  LogRecord,
  StreamHead,
  StreamMessage,
  StreamStore,
} from '#libs/event-log/index.js';
import type { StreamName } from './projection.js';

/** Where a projection's messages come from. */
export interface MessageSource<Message> {
  /** Name of the stream. */
  readonly stream: StreamName;
  follow(options: FollowOptions): AsyncIterable<readonly Message[]>;
  head(): Promise<StreamHead>;
  positionOf(message: Message): Position;
  /** Most messages in one batch of `follow`: what may wait in memory. */
  readonly maxBatch: number;
}

export interface Position {
  readonly seq: number;
  /** Time the server stored it, milliseconds since the epoch. */
  readonly storedAt: number;
}

export const eventsSource = (reader: EventReader<GovernanceEvent>): MessageSource<LogRecord<GovernanceEvent>> => ({
  stream: 'EVENTS',
  follow: (options) => reader.follow(options),
  head: () => reader.head(),
  positionOf: ({ seq, storedAt }) => ({ seq, storedAt }),
  maxBatch: 1000,
});

/** A chunk of predictions may hold 512 KiB: at most 64 of them wait. */
export const trafficSource = (store: StreamStore): MessageSource<StreamMessage> => ({
  stream: 'TRAFFIC',
  follow: (options) => store.follow(options),
  head: () => store.head(),
  positionOf: ({ seq, time }) => ({ seq, storedAt: time }),
  maxBatch: 64,
});

/** A record of a window tells up to 1,000 columns: at most 64 of them wait. */
export const windowsSource = (store: StreamStore): MessageSource<StreamMessage> => ({
  ...trafficSource(store),
  stream: 'WINDOWS',
});
