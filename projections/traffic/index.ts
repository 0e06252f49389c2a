export { traffic } from './apply.js';
export type { TrafficCounts } from './counts.js';
export type { TrafficReaders } from './cut.js';
export { LabelQueries, type ChunkIdentity, type LabelMessage, type LabelPlace } from './labels-queries.js';
export { OperationQueries, type OperationReaders, type OperationsAsked } from './operation-queries.js';
export {
  TrafficQueries,
  type ChunkLocation,
  type MinuteTraffic,
  type NamedVersion,
  type TrafficOfVersions,
  type TrafficSummary,
  type VersionTraffic,
} from './queries.js';
