import { catalogueOf, deploymentEvents, trainingEvents } from '#libs/contracts/index.js';
import {
  blueGreenProcess,
  blueGreenProcessCommand,
  blueGreenProcessState,
  trainingProcess,
  trainingProcessCommand,
  trainingProcessState,
} from '#libs/domain/index.js';
import { hostProcess, type HostedProcess } from '#libs/processing/index.js';
import { blueGreenExecutors, type BlueGreenExecutorsOptions } from './blue-green-executors.js';
import { trainingExecutors, type TrainingExecutorsOptions } from './training-executors.js';

/** Every process manager of the product, each with what carries out its commands. A new one is added here. */
export const hostedProcesses = (
  options: TrainingExecutorsOptions & BlueGreenExecutorsOptions,
): readonly HostedProcess[] => [
  hostProcess(
    trainingProcess,
    { events: catalogueOf(trainingEvents), command: trainingProcessCommand, state: trainingProcessState },
    trainingExecutors(options),
  ),
  hostProcess(
    blueGreenProcess,
    {
      ...{ events: catalogueOf(deploymentEvents), command: blueGreenProcessCommand, state: blueGreenProcessState },
      stateVersion: 2,
    },
    blueGreenExecutors(options),
  ),
];
