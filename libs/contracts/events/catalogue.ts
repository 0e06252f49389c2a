import { configurationEvents, type ConfigurationEvent } from './configuration.js';
import { datasetEvents, type DatasetEvent } from './dataset.js';
import { catalogueOf } from './define.js';
import { deploymentEvents, type DeploymentEvent } from './deployment.js';
import { modelEvents, type ModelEvent } from './model.js';
import { monitoringEvents, type MonitoringEvent } from './monitoring.js';
import { processEvents, type ProcessEvent } from './process.js';
import { trainingEvents, type TrainingEvent } from './training.js';

/** Every governance event that EVENTS may hold. */
export type GovernanceEvent =
  ModelEvent | DeploymentEvent | ConfigurationEvent | DatasetEvent | TrainingEvent | ProcessEvent | MonitoringEvent;

export const eventCatalogue = catalogueOf([
  ...modelEvents,
  ...deploymentEvents,
  ...configurationEvents,
  ...datasetEvents,
  ...trainingEvents,
  ...processEvents,
  ...monitoringEvents,
]);
