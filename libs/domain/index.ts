export { configurationDefinition, type ApplyConfiguration } from './configuration.js';
export {
  deploymentDefinition,
  type DeployCommand,
  type DeploymentCommand,
  followedModel,
  type DeploymentState,
  type FollowCommand,
  type SeenModel,
} from './deployment.js';
export type { ModelCommand, PromotionPolicies } from './registered-model/commands.js';
export { approvalMarginMs } from './registered-model/policy.js';
export { modelDefinition } from './registered-model/registered-model.js';
export { championOf, findVersion, type ModelState, type VersionState } from './registered-model/state.js';
export { compareVersions, isCompatible, nextVersion } from './registered-model/version-policy.js';
