import type { LoadState } from '../models/model-pool.js';
import type { Rollout, RoutingTable } from '../routing/routing-table.js';
import type { ModelState } from './protocol.js';

/** Deployments with the version that takes their traffic and the one that is about to, as this process has them. */
export function repositoryIndex(
  { deployments }: RoutingTable,
  stateOf: (rolloutId: string) => LoadState | undefined,
): readonly ModelState[] {
  return [...deployments.values()].flatMap(({ deployment, live, pending }) =>
    [live, pending].flatMap((rollout) =>
      rollout === null
        ? []
        : [
            {
              name: deployment,
              version: rollout.version,
              ...stateIn(rollout, rollout === live, stateOf(rollout.rolloutId)),
            },
          ],
    ),
  );
}

function stateIn(
  { cutOff }: Rollout,
  live: boolean,
  state: LoadState | undefined,
): Pick<ModelState, 'state' | 'reason'> {
  if (cutOff !== null) return { state: 'UNAVAILABLE', reason: 'version_cut_off: serving processes keep dying of it' };
  if (state === undefined) return { state: 'UNAVAILABLE', reason: 'it is not held in this process' };
  switch (state.status) {
    case 'loaded':
      return live ? { state: 'READY', reason: '' } : { state: 'UNAVAILABLE', reason: 'it is loaded and not live yet' };
    case 'released':
      return { state: live ? 'READY' : 'UNAVAILABLE', reason: 'let go of for want of memory, loaded when asked for' };
    case 'failed':
      return { state: 'UNAVAILABLE', reason: `${state.failure.code}: ${state.failure.reason}` };
    case 'loading':
      return { state: 'LOADING', reason: state.lastFailure?.reason ?? '' };
  }
}
