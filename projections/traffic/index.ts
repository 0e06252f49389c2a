export { traffic } from './apply.js';
export type { TrafficCounts } from './counts.js';
export {
  TrafficQueries,
  type ChunkLocation,
  type MinuteTraffic,
  type NamedVersion,
  type TrafficOfVersions,
  type TrafficReaders,
  type TrafficSummary,
  type VersionTraffic,
} from './queries.js';
