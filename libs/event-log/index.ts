export {
  AppendContention,
  DuplicateMessageId,
  EventLogError,
  InvalidEvent,
  LogCorrupt,
  Overloaded,
  StreamConflict,
  StreamMismatch,
  StreamRefused,
  StreamTimeout,
  StreamUnavailable,
  UnknownEvent,
  type LogProblemCode,
} from './errors.js';
export type {
  Consistency,
  FollowOptions,
  OutgoingMessage,
  PublishAck,
  StreamHead,
  StreamMessage,
  StreamStore,
} from './stream-store.js';
export { MemoryStream, type MemoryStreamOptions } from './memory-store.js';
export { FaultyStream } from './faulty-stream.js';
export { randomFaults, scriptedFaults, type Fault, type FaultPlan, type FaultPoint } from './fault-plan.js';
export { JetStreamStore, type JetStreamStoreOptions } from './jetstream-store.js';
export type { StreamDeclaration } from './streams.js';
export { ensureStreams, type StreamOutcome } from './ensure-streams.js';
export { readDurability, type Durability } from './durability.js';
export type {
  Accepted,
  AggregateDefinition,
  IdempotencyConflict,
  Loaded,
  SnapshotCodec,
} from './aggregate-definition.js';
export { AggregateStore, type AggregateStoreOptions } from './aggregate-store.js';
export { SnapshotStore, snapshotSubject, type Snapshot } from './snapshot-store.js';
export {
  EventReader,
  isUnknown,
  type LogRecord,
  type Page,
  type PageFilter,
  type UnknownRecord,
} from './event-reader.js';
export { encodeEvent, genesisHash, type EncodedEvent, type EventPlace } from './event-codec.js';
export { verifyEvents, type LogProblem, type VerifySummary } from './verify-events.js';
export { BulkPublisher, type BulkMessage, type BulkPublisherOptions, type PublishSettled } from './bulk-publisher.js';
