export { deploymentName, modelName, modelVersion, nameOfToken, sha256Digest, subjects, subjectToken } from './names.js';
export {
  feature,
  signature,
  tensorType,
  type Feature,
  type OutputInfo,
  type Signature,
  type TensorInfo,
  type TensorType,
} from './signature.js';
export { eventSource, hashedHeaders, header, type AnyEvent, type CommandMeta, type RecordedEvent } from './envelope.js';
export {
  catalogueOf,
  decodeEvent,
  defineEvent,
  type DecodeFailure,
  type EventCatalogue,
  type EventOf,
} from './events/define.js';
export {
  baseline,
  lineage,
  metrics,
  stage,
  tags,
  VersionRegistered,
  type ModelEvent,
  type Stage,
} from './events/model.js';
export {
  deploymentEvents,
  DeploymentFailed,
  DeploymentRequested,
  DeploymentRetired,
  DeploymentWentLive,
  environment,
  recording,
  strategy,
  type DeploymentEvent,
  type Environment,
  type Recording,
  type Strategy,
} from './events/deployment.js';
export { ConfigurationApplied, type ConfigurationEvent } from './events/configuration.js';
export { eventCatalogue, type GovernanceEvent } from './events/catalogue.js';
export {
  decodeChunk,
  emptyColumn,
  encodeChunk,
  encodeChunkSchema,
  predictionsRecorded,
  type Arm,
  type Chunk,
  type ChunkRows,
  type ChunkSchema,
  type Column,
  type ColumnSpec,
  type InputColumnSpec,
  type OutputColumnSpec,
} from './traffic/chunk.js';
export { decodePredictionId, encodePredictionId, epochCheck, maxChunkRows } from './traffic/prediction-id.js';
export {
  fieldError,
  fieldErrorsOf,
  problem,
  problemCodes,
  problemOf,
  rejection,
  type FieldError,
  type Problem,
  type ProblemCode,
  type Rejection,
} from './problems.js';
export { isStorable } from './text.js';
export * as api from './api/index.js';
export {
  configurationFiles,
  environmentVariables,
  type ConfigurationFiles,
  type EnvironmentVariables,
} from './configuration.js';
export {
  controlSubjects,
  prepareReply,
  prepareRequest,
  servingBucket,
  servingMember,
  type PrepareReply,
  type PrepareRequest,
  type ServingMember,
  type ServingReport,
} from './control.js';
