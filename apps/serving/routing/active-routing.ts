import { rejection, type Rejection } from '#libs/contracts/index.js';
import { notLive, type LoadState } from '../models/model-pool.js';
import type { Servable } from '../models/servable.js';
import type { CutOff, DeploymentRoutes, Rollout, RoutingTable } from './routing-table.js';

/** What a request for a deployment meets: the loaded version, or why there is none. */
export type Route =
  | { readonly servable: Servable; readonly refusal?: undefined }
  | {
      readonly servable?: undefined;
      readonly refusal: Rejection;
      /** Its version was let go of for want of memory: has it loaded, and resolves when that is settled. */
      readonly recall?: () => Promise<unknown>;
    };

/** A routing table with its loaded models. Replaced as a whole: a request sees one or the other. */
export interface ActiveRouting {
  /** EVENTS sequence of the table. */
  readonly sequence: number;
  readonly routes: ReadonlyMap<string, Route>;
}

/** The models behind a table. */
export interface LoadStates {
  stateOf(rolloutId: string): LoadState | undefined;
  settled(rolloutId: string): Promise<unknown>;
}

export const noRouting: ActiveRouting = { sequence: 0, routes: new Map() };

export function activeRouting(table: RoutingTable, pool: LoadStates): ActiveRouting {
  const routes = new Map<string, Route>();
  for (const each of table.deployments.values()) routes.set(each.deployment, routeOf(each, pool));
  return { sequence: table.sequence, routes };
}

function routeOf({ deployment, live, pending, retired }: DeploymentRoutes, pool: LoadStates): Route {
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
  if (live.cutOff !== null) return { refusal: cutOff(deployment, live, live.cutOff) };
  const state = pool.stateOf(live.rolloutId);
  if (state?.status === 'loaded') return { servable: state.servable };
  const refusal = notLive(deployment, state);
  return state?.status === 'released' ? { refusal, recall: () => pool.settled(live.rolloutId) } : { refusal };
}

const cutOff = (deployment: string, { model, version }: Rollout, { cause, crashes, withinS }: CutOff): Rejection =>
  rejection(
    'version_cut_off',
    `${model}@${version} takes no requests for ${deployment}: ${crashes} serving processes died of it within ${withinS} s, the last: ${cause}`,
  );
