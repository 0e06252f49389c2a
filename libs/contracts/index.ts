export {
  actorName,
  aliasName,
  championAlias,
  deploymentName,
  isVersion,
  modelName,
  modelVersion,
  nameOfToken,
  sha256Digest,
  subjects,
  subjectToken,
  versionReference,
  versionSelector,
  type VersionReference,
} from './names.js';
export {
  isAllowed,
  localIdentity,
  permission,
  permissionsOf,
  role,
  tokenClaims,
  type Identity,
  type Permission,
  type Role,
  type TokenClaims,
} from './access.js';
export {
  confusionMatrix,
  curveData,
  curveKind,
  curveSummary,
  evaluation,
  metrics,
  type CurveKind,
  type CurveSummary,
  type Evaluation,
} from './evaluation.js';
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
  AliasRemoved,
  AliasSet,
  baseline,
  ChampionRolledBack,
  countedApproval,
  derivation,
  evidence,
  EvaluationRecorded,
  hyperparameters,
  lineage,
  modelEvents,
  optimisationMethod,
  promotionTarget,
  PromotionRequested,
  stage,
  tags,
  VersionAnnotated,
  VersionApproved,
  VersionArchived,
  VersionPromoted,
  VersionRegistered,
  VersionRejected,
  type Derivation,
  type Evidence,
  type Lineage,
  type ModelEvent,
  type OptimisationMethod,
  type PromotionTarget,
  type Stage,
} from './events/model.js';
export {
  deploymentEvents,
  DeploymentFailed,
  DeploymentPrepared,
  DeploymentRequested,
  DeploymentRetired,
  DeploymentRolledBack,
  DeploymentStayed,
  DeploymentWentLive,
  environment,
  FormerVersionReleased,
  instanceReport,
  recording,
  strategy,
  VersionCrashed,
  type DeploymentEvent,
  type Environment,
  type Recording,
  type Strategy,
  type WarmupRequests,
} from './events/deployment.js';
export {
  jobId,
  stageResult,
  TrainingCancelled,
  TrainingClaimed,
  trainingEvents,
  TrainingFailed,
  TrainingProgressed,
  TrainingReleased,
  TrainingRequested,
  TrainingStageFinished,
  TrainingSucceeded,
  type StageResult,
  type TrainingEvent,
} from './events/training.js';
export { datasetEvents, DatasetVersionRegistered, type DatasetEvent } from './events/dataset.js';
export {
  issuedCommand,
  processEvents,
  processInput,
  ProcessStepTaken,
  type IssuedCommand,
  type ProcessEvent,
  type ProcessInput,
} from './events/process.js';
export {
  ConceptDriftCleared,
  ConceptDriftDetected,
  DataDriftCleared,
  DataDriftDetected,
  driftScope,
  findingMethod,
  monitoringEvents,
  mostColumnsTold,
  PerformanceDegradationCleared,
  PerformanceDegraded,
  qualityCheck,
  qualityIssue,
  QualityIssueCleared,
  QualityIssueFound,
  reference,
  type ColumnDriftNumbers,
  type DriftScope,
  type FindingMethod,
  type MonitoringEvent,
  type QualityCheck,
  type QualityIssue,
  type Reference,
} from './events/monitoring.js';
export {
  monitoringConfig,
  monitoringOf,
  type MonitoringConfig,
  type MonitoringSettings,
} from './monitoring/configuration.js';
export { trafficPosition, type TrafficPosition } from './monitoring/position.js';
export {
  decodeWindowRecord,
  encodeWindowRecord,
  WindowRecordMalformed,
  type WindowMessage,
} from './monitoring/window-message.js';
export {
  closedBy,
  performanceMeasured,
  windowClosed,
  type ClosedBy,
  type ColumnQuality,
  type ColumnVerdict,
  type DriftVerdict,
  type MeasuredMetric,
  type PerformanceMeasured,
  type QualityVerdict,
  type WindowClosed,
  type WindowRecord,
} from './monitoring/windows.js';
export { noneSeen, see, type SeenCounters } from './traffic/seen-counters.js';
export { decodeTick, encodeTick, ticked, TickMalformed, type Ticked, type TickMessage } from './traffic/ticks.js';
export type { FeatureMatrix, NumberColumn, Table, TableColumn, TextColumn } from './datasets/table.js';
export {
  columnProfile,
  columnSchema,
  columnType,
  dataFormat,
  datasetProfile,
  datasetSchema,
  histogram,
  numericProfile,
  quantileNames,
  type ColumnProfile,
  type ColumnSchema,
  type ColumnType,
  type DataFormat,
  type DatasetProfile,
  type DatasetSchema,
  type Histogram,
  type NumericProfile,
} from './datasets/schema.js';
export {
  columnCheck,
  dataChecks,
  dataFinding,
  severity,
  type ColumnCheck,
  type DataChecks,
  type DataFinding,
  type Severity,
} from './datasets/checks.js';
export {
  datePart,
  featurePipeline,
  featureStep,
  type DatePart,
  type FeaturePipeline,
  type FeatureStep,
} from './training/features.js';
export {
  algorithm,
  algorithmParameters,
  givenParameters,
  gradientBoosting,
  learningTask,
  linearRegression,
  logisticRegression,
  randomForest,
  type Algorithm,
  type GivenParameters,
  type GradientBoosting,
  type Learner,
  type LearningTask,
  type LinearRegression,
  type LogisticRegression,
  type RandomForest,
} from './training/algorithms.js';
export { checkSpaces } from './training/check-spaces.js';
export { ownParameters, parameterNames, readParameters } from './training/read-parameters.js';
export {
  parameterRange,
  parameterSpace,
  proposal,
  searchPlan,
  searchSpaces,
  searchStrategy,
  trial,
  type ParameterRange,
  type ParameterSpace,
  type Proposal,
  type SearchPlan,
  type SearchSpaces,
  type SearchStrategy,
  type Trial,
} from './training/search.js';
export {
  commandTrainer,
  datasetSource,
  trainingGate,
  trainingSpec,
  trainingStage,
  trainingStages,
  validationPlan,
  type CommandTrainer,
  type DatasetSource,
  type TrainingGate,
  type TrainingSpec,
  type TrainingStage,
  type ValidationPlan,
} from './training/spec.js';
export { baselineFormat, driftBaseline, type DriftBaseline } from './training/baseline.js';
export { otherCategories, type OtherCategories } from './training/other-categories.js';
export { evaluationReport, type EvaluationReport } from './training/report.js';
export { jobLogLine, recordedTrial, type JobLogLine, type RecordedTrial } from './training/operations.js';
export { ConfigurationApplied, type ConfigurationEvent } from './events/configuration.js';
export { eventCatalogue, type GovernanceEvent } from './events/catalogue.js';
export { predictionsRecorded } from './traffic/chunk-layout.js';
export {
  encodeChunkSchema,
  type Arm,
  type ChunkSchema,
  type ColumnSpec,
  type InputColumnSpec,
  type OutputColumnSpec,
} from './traffic/chunk-schema.js';
export type { Chunk, ChunkRows } from './traffic/chunk.js';
export { emptyColumn, type Column } from './traffic/column.js';
export { decodeChunk } from './traffic/decode-chunk.js';
export { encodeChunk } from './traffic/encode-chunk.js';
export {
  decodeLabels,
  decodeLabelsOf,
  labelRow,
  labelsRecorded,
  type LabelRow,
  type LabelsRecorded,
} from './traffic/labels.js';
export { isOfLabelType, labelTypeOf, type LabelType } from './traffic/label-type.js';
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
export * as oip from './oip/schemas.js';
export {
  configurationFiles,
  environmentVariables,
  type ConfigurationFiles,
  type MetricBound,
  type ModelTraining,
  type TrainingDefaults,
  type PromotionPolicy,
  type EnvironmentVariables,
} from './configuration.js';
export {
  confirmReply,
  confirmRequest,
  controlSubjects,
  fleetMetricsRequest,
  fleetMetricsSubject,
  monitoringMetricsSubject,
  prepareReply,
  prepareRequest,
  scalingDecision,
  servingBucket,
  servingLoad,
  servingMember,
  servingReport,
  type ConfirmReply,
  type ConfirmRequest,
  type FleetMetricsRequest,
  type PrepareReply,
  type PrepareRequest,
  type ScalingDecision,
  type ServingLoad,
  type ServingMember,
  type ServingReport,
} from './control.js';
export {
  servingProcesses,
  takeOver,
  type ServingProcesses,
  type TakeOver,
  type ToPlatform,
} from './platform-messages.js';
