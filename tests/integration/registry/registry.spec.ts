import { afterAll, beforeAll } from '@jest/globals';
import { archiveCases } from './archive-cases.js';
import { badInputCases } from './bad-input-cases.js';
import { decisionCases } from './decision-cases.js';
import { evaluationCases } from './evaluation-cases.js';
import { compareCases } from './compare-cases.js';
import { followerCases } from './follower-cases.js';
import { idempotencyCases } from './idempotency-cases.js';
import { lineageCases } from './lineage-cases.js';
import { optimiseCases } from './optimise-cases.js';
import { timeTravelCases } from './time-travel-cases.js';
import { startRegistryWorld, type RegistryWorld } from './world.js';

let world: RegistryWorld;
beforeAll(async () => {
  world = await startRegistryWorld();
});
afterAll(async () => {
  await world.stop();
});

decisionCases(() => world);
archiveCases(() => world);
evaluationCases(() => world);
lineageCases(() => world);
timeTravelCases(() => world);
compareCases(() => world);
followerCases(() => world);
optimiseCases(() => world);
idempotencyCases(() => world);
badInputCases(() => world);
