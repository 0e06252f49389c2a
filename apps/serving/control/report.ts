import type { ServingReport } from '#libs/contracts/index.js';
import { rolloutsOf } from '../routing/routing-table.js';
import type { PrepareOptions } from './prepare.js';

/** What the process holds, and by which table it routes. */
export const report =
  ({ instance, follower, pool }: Pick<PrepareOptions, 'instance' | 'follower' | 'pool'>) =>
  (): ServingReport => ({
    instance,
    routing_seq: follower.current.sequence,
    loaded: [...rolloutsOf(follower.table)]
      .filter(({ rollout }) => pool.stateOf(rollout.rolloutId)?.status === 'loaded')
      .map(({ rollout }) => ({ deployment: rollout.deployment, rollout_id: rollout.rolloutId })),
  });
