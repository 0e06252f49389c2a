import { afterAll, beforeAll } from '@jest/globals';
import { startApiWorld, type ApiWorld } from './api-world.js';
import { artifactCases } from './artifact-cases.js';
import { deploymentCases } from './deployment-cases.js';
import { httpCases } from './http-cases.js';
import { modelCases } from './model-cases.js';

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
httpCases(() => world);
