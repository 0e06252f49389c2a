/**
 * Orders come and go, runners are killed in the middle of things, the log fails, answers get lost, clocks step. In the end
 * the log must tell of every order that it was seen to its end, once.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { happenings, type Happening } from './happenings.js';
import { SimulatedWorld } from './world.js';

export interface SimulationOptions {
  readonly runs: number;
  /** Things that happen in one run. */
  readonly length: number;
  /** Of the runs; left out: others every time. */
  readonly seed?: number;
}

export function simulateProcesses({ runs, length, seed: fixed }: SimulationOptions): void {
  describe('processes under random crashes', () => {
    it(`see every order to its end, once (${runs} runs)`, async () => {
      const ended: Record<string, number> = {};
      await fc.assert(
        fc.asyncProperty(fc.array(happenings, { maxLength: length, minLength: 5 }), fc.integer(), async (all, seed) => {
          for (const how of await simulate(all, seed)) ended[how] = (ended[how] ?? 0) + 1;
        }),
        { numRuns: runs, ...(fixed === undefined ? {} : { seed: fixed }) },
      );
      // A simulation in which everything comes to the same end would show little.
      expect(Object.keys(ended).length).toBeGreaterThanOrEqual(3);
    }, 600_000);
  });
}

/** @returns how the orders ended */
async function simulate(all: readonly Happening[], seed: number): Promise<readonly string[]> {
  const world = new SimulatedWorld(seed);
  for (const happening of all) await happening(world);
  await world.finish();
  return world.check();
}
