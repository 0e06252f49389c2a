import { describe, expect, it } from '@jest/globals';
import { nullRollouts, outcomes } from './experiments.js';

const rollouts = Number(process.env.MODELOG_SOAK_ROLLOUTS ?? 10_000);

/** A canary of a twentieth sees its hundredth value at about 2,000 requests. */
const designs = [
  { shareOfB: 0.5, requests: 2000 },
  { shareOfB: 0.05, requests: 5000 },
];

describe('null rollouts, looked at after every request', () => {
  for (const { shareOfB, requests } of designs) {
    for (const outcome of outcomes) {
      it(`of ${rollouts}, b with ${shareOfB} of the requests, outcomes ${outcome.name}: at most 5 % end falsely`, () => {
        const { falsely, mismatches } = nullRollouts({ rollouts, requests, shareOfB, outcome });
        console.log(
          `share ${shareOfB}, ${outcome.name}: ${falsely} false verdicts, ${mismatches} stops, of ${rollouts}`,
        );
        expect(falsely / rollouts).toBeLessThanOrEqual(0.05);
        expect(mismatches / rollouts).toBeLessThanOrEqual(0.01);
      });
    }
  }
});
