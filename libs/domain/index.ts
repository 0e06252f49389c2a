export { configurationDefinition, type ApplyConfiguration } from './configuration.js';
export {
  deploymentDefinition,
  type DeployCommand,
  type DeploymentCommand,
  type DeploymentState,
  type SeenModel,
} from './deployment.js';
export { findVersion, modelDefinition, type ModelCommand, type ModelState } from './registered-model.js';
export { compareVersions, isCompatible, nextVersion } from './version-policy.js';
