import type { ActiveRouting } from '../routing/active-routing.js';
import type { PendingRows } from './model-servers.js';

/** Rows that wait for the model or run, of every version that takes traffic. */
export function* pendingRows({ routes }: ActiveRouting): Generator<PendingRows> {
  for (const { servable } of routes.values())
    if (servable !== undefined)
      yield {
        deployment: servable.rollout.deployment,
        version: servable.rollout.version,
        rows: servable.batcher.pendingRows,
      };
}
