export { configurationDefinition, type ApplyConfiguration } from './configuration.js';
export type {
  DeployCommand,
  DeploymentCommand,
  FollowCommand,
  ReportCrash,
  RollBackDeployment,
  SeenModel,
} from './deployment/commands.js';
export { deploymentDefinition } from './deployment/deployment.js';
export { followedModel, type DeploymentState } from './deployment/state.js';
export type { ModelCommand, PromotionPolicies } from './registered-model/commands.js';
export { approvalMarginMs } from './registered-model/policy.js';
export { modelDefinition } from './registered-model/registered-model.js';
export { championOf, findVersion, type ModelState, type VersionState } from './registered-model/state.js';
export { compareVersions, isCompatible, nextVersion } from './registered-model/version-policy.js';
export { dataset, datasetDefinition, findDatasetVersion, type DatasetState, type RegisterDataset } from './dataset.js';
export type { ClaimJob, FailJob, FinishStage, RequestTraining, TrainingJobCommand } from './training-job/commands.js';
export { nextStage, resultOf, stagesOf } from './training-job/stages.js';
export type { Claim, TrainingJobState } from './training-job/state.js';
export { trainingJob, trainingJobDefinition } from './training-job/training-job.js';
export {
  conditionsOf,
  findingKey,
  isRaised,
  monitorDefinition,
  openFinding,
  type ConditionChange,
  type MonitorState,
  type OpenFinding,
  type RecordFinding,
} from './monitor.js';
export {
  trainingProcess,
  trainingProcessCommand,
  trainingProcessState,
  type TrainingProcessCommand,
  type TrainingProcessState,
} from './processes/training.js';
export {
  blueGreenProcess,
  blueGreenProcessCommand,
  blueGreenProcessState,
  type BlueGreenProcessCommand,
  type BlueGreenProcessState,
} from './processes/blue-green.js';
