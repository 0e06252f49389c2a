import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import type { LoadState } from '../models/load-state.js';
import type { DeploymentRoutes, RoutingTable } from '../routing/routing-table.js';

export type ProcessHealth = z.infer<typeof api.processHealth>;

type LastError = ProcessHealth['deployments'][number]['last_error'];

export interface HealthSources {
  readonly instance: string;
  readonly table: () => RoutingTable;
  readonly stateOf: (rolloutId: string) => LoadState | undefined;
  /** Why the latest predictions of the deployment could not be recorded; null when they were. */
  readonly unrecorded: (deployment: string) => LastError;
}

/** What this process serves: versions with their weights, whether they are loaded, and what went wrong last. */
export const health = (sources: HealthSources) => (): ProcessHealth => {
  const table = sources.table();
  return {
    instance: sources.instance,
    routing_seq: table.sequence,
    deployments: [...table.deployments.values()]
      .filter(({ retired }) => !retired)
      .map((routes) => deploymentHealth(routes, sources)),
  };
};

function deploymentHealth(
  routes: DeploymentRoutes,
  { stateOf, unrecorded }: HealthSources,
): ProcessHealth['deployments'][number] {
  const places = (['live', 'pending', 'former'] as const).flatMap((role) => {
    const rollout = routes[role];
    return rollout === null ? [] : [{ role, rollout, state: stateOf(rollout.rolloutId) }];
  });
  const errors = places.map(({ state }) => errorOf(state)).filter((error) => error !== null);
  return {
    deployment: routes.deployment,
    versions: places.map(({ role, rollout, state }) => ({
      model: rollout.model,
      version: rollout.version,
      role,
      weight: role === 'live' && rollout.cutOff === null ? 1 : 0,
      loaded: state?.status === 'loaded',
    })),
    last_error: errors[0] ?? unrecorded(routes.deployment),
  };
}

function errorOf(state: LoadState | undefined): LastError {
  const failure = state?.status === 'failed' ? state.failure : state?.status === 'loading' ? state.lastFailure : null;
  return failure === null ? null : { at: failure.at, code: failure.code, detail: failure.reason };
}
