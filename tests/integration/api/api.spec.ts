import { afterAll, beforeAll } from '@jest/globals';
import { startApiWorld, type ApiWorld } from './api-world.js';
import { artifactCases } from './artifact-cases.js';
import { cliCases } from './cli-cases.js';
import { deploymentCases } from './deployment-cases.js';
import { eventCases } from './event-cases.js';
import { feedbackCases } from './feedback-cases.js';
import { httpCases } from './http-cases.js';
import { modelCases } from './model-cases.js';
import { monitorCases } from './monitor-cases.js';
import { monitoringCases } from './monitoring-cases.js';
import { whyCases } from './why-cases.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(async () => {
  await world.stop();
});

artifactCases(() => world);
modelCases(() => world);
deploymentCases(() => world);
whyCases(() => world);
feedbackCases(() => world);
monitoringCases(() => world);
monitorCases(() => world);
eventCases(() => world);
httpCases(() => world);
// Last: its last case damages what the others rest on.
cliCases(() => world);
