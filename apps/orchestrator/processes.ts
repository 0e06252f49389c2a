import { catalogueOf, trainingEvents } from '#libs/contracts/index.js';
import { trainingProcess, trainingProcessCommand, trainingProcessState } from '#libs/domain/index.js';
import { hostProcess, type HostedProcess } from '#libs/processing/index.js';
import { trainingExecutors, type TrainingExecutorsOptions } from './training-executors.js';

/** Every process manager of the product, each with what carries out its commands. A new one is added here. */
export const hostedProcesses = (options: TrainingExecutorsOptions): readonly HostedProcess[] => [
  hostProcess(
    trainingProcess,
    { events: catalogueOf(trainingEvents), command: trainingProcessCommand, state: trainingProcessState },
    trainingExecutors(options),
  ),
];
