export { BaselineMalformed, missingBaseline, mostBaselineBytes, parseBaseline } from './baselines.js';
export { Governance, type ReferenceOf, type RegisteredVersion } from './governance.js';
export {
  deploymentOf,
  nothingRead,
  readTraffic,
  type LogPosition,
  type ReadMessage,
  type TrafficMessage,
} from './traffic-facts.js';
export { watchedVersionOf, type PreparedVersion, type ReadArtifact } from './watched-version.js';
