export {
  AppendContention,
  DuplicateMessageId,
  EventLogError,
  ExpectationMissing,
  LogCorrupt,
  Overloaded,
  StreamConflict,
  StreamMismatch,
  StreamMovedOn,
  StreamRefused,
  StreamTimeout,
  StreamUnavailable,
  UnknownEvent,
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
export { MemoryStream } from './memory-store.js';
export { FaultyStream } from './faulty-stream.js';
export { scriptedFaults } from './fault-plan.js';
export { JetStreamStore } from './jetstream-store.js';
export type { StreamDeclaration } from './streams.js';
export { ensureStreams } from './ensure-streams.js';
export { readDurability } from './durability.js';
export type { Accepted, AggregateDefinition, IdempotencyConflict, Outcome, Refused } from './aggregate-definition.js';
export { AggregateStore, type Guard } from './aggregate-store.js';
export { SnapshotStore, snapshotSubject } from './snapshot-store.js';
export { EventReader, isUnknown, type LogRecord, type PageFilter } from './event-reader.js';
export { encodeEvent, genesisHash } from './event-codec.js';
export { verifyEvents, type LogProblem, type VerifySummary } from './verify-events.js';
export { BulkPublisher, type BulkMessage, type BulkPublisherOptions, type PublishSettled } from './bulk-publisher.js';
