import { afterAll, beforeAll } from '@jest/globals';
import { datasetCases } from './dataset-cases.js';
import { jobCases } from './job-cases.js';
import { logCases } from './log-cases.js';
import { startCases } from './start-cases.js';
import { startTrainingWorld, type TrainingWorld } from './world.js';

let world: TrainingWorld;
beforeAll(async () => {
  world = await startTrainingWorld();
});
afterAll(async () => {
  await world.stop();
});

startCases(() => world);
jobCases(() => world);
logCases(() => world);
datasetCases(() => world);
