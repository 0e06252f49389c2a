import { configurationEvents, type ConfigurationEvent } from './configuration.js';
import { catalogueOf } from './define.js';
import { deploymentEvents, type DeploymentEvent } from './deployment.js';
import { modelEvents, type ModelEvent } from './model.js';

/** Every governance event that EVENTS may hold. */
export type GovernanceEvent = ModelEvent | DeploymentEvent | ConfigurationEvent;

export const eventCatalogue = catalogueOf([...modelEvents, ...deploymentEvents, ...configurationEvents]);
