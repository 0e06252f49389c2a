export { deployments } from './apply.js';
export { DeploymentQueries, historyLimit, liveArm, type DeploymentPage, type ListAt, type Route } from './queries.js';
