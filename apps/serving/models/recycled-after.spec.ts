import { expect, it } from '@jest/globals';
import type { LoadedModel } from '#libs/inference/index.js';
import { accept, reject } from '#libs/kernel/index.js';
import type { Rollout } from '../routing/routing-table.js';
import type { LoadArtifact } from './load-artifact.js';
import { recycledAfter } from './recycled-after.js';

it('asks for another process whenever so many models more were opened; what could not be loaded does not count, nor what was loaded at the start', async () => {
  const asked: number[] = [];
  let serving = false;
  const results: Awaited<ReturnType<LoadArtifact>>[] = [];
  const load = recycledAfter(
    { afterLoads: 3, ask: (opened) => asked.push(opened) },
    () => serving,
    () => Promise.resolve(results.at(-1)!),
  );
  const loads = async (times: number, result: (typeof results)[number]): Promise<void> => {
    results.push(result);
    for (let time = 0; time < times; time++)
      expect(await load({} as Rollout, () => Promise.resolve(true))).toBe(result);
  };
  const opened = accept({} as LoadedModel);
  await loads(7, opened);
  serving = true;
  await loads(2, opened);
  await loads(5, reject({ code: 'model_cannot_load', reason: 'no model', transient: false }));
  await loads(5, null);
  expect(asked).toEqual([]);
  await loads(1, opened);
  expect(asked).toEqual([3]);
  await loads(4, opened);
  expect(asked).toEqual([3, 6]);
});
