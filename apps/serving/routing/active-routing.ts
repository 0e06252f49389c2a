import { rejection, type Rejection } from '#libs/contracts/index.js';
import { notLive, type LoadState } from '../models/model-pool.js';
import type { Servable } from '../models/servable.js';
import type { DeploymentRoutes, RoutingTable } from './routing-table.js';

/** What a request for a deployment meets: the loaded version, or why there is none. */
export type Route =
  | { readonly servable: Servable; readonly refusal?: undefined }
  | { readonly servable?: undefined; readonly refusal: Rejection };

/** A routing table with its loaded models. Replaced as a whole: a request sees one or the other. */
export interface ActiveRouting {
  /** EVENTS sequence of the table. */
  readonly sequence: number;
  readonly routes: ReadonlyMap<string, Route>;
}

export const noRouting: ActiveRouting = { sequence: 0, routes: new Map() };

export function activeRouting(
  table: RoutingTable,
  stateOf: (rolloutId: string) => LoadState | undefined,
): ActiveRouting {
  const routes = new Map<string, Route>();
  for (const each of table.deployments.values()) routes.set(each.deployment, routeOf(each, stateOf));
  return { sequence: table.sequence, routes };
}

function routeOf(
  { deployment, live, pending, retired }: DeploymentRoutes,
  stateOf: (rolloutId: string) => LoadState | undefined,
): Route {
  if (retired) return { refusal: rejection('deployment_retired', `${deployment} is retired and takes no traffic`) };
  if (live === null)
    return {
      refusal: rejection(
        'deployment_not_live',
        pending === null
          ? `no version of ${deployment} went live yet`
          : `${pending.model}@${pending.version} is being loaded for ${deployment}; no version is live yet`,
      ),
    };
  const state = stateOf(live.rolloutId);
  return state?.status === 'loaded' ? { servable: state.servable } : { refusal: notLive(deployment, state) };
}
