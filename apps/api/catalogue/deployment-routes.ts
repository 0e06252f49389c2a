/** The calls that put versions into service, and take them out. */
import { z } from 'zod';
import { api, deploymentName } from '#libs/contracts/index.js';
import { answers, commandHeaders, commandProblems, json, listQuery, readProblems } from './route-parts.js';
import type { RouteSpec } from './route.js';

export const deploymentParams = z.object({ deployment: deploymentName });
export const deploymentsQuery = listQuery.extend({ deployment: deploymentName.optional() });

export const deploymentRoutes = [
  {
    method: 'POST',
    path: '/api/deploy',
    operationId: 'deploy',
    tag: 'Deployments',
    permission: 'deploy',
    summary: 'Deploy a model version',
    description:
      'Accepted when it is recorded; traffic moves when serving processes have loaded the version. `name@champion` follows the champion from then on; any other alias is resolved now.',
    headers: commandHeaders,
    body: json(api.deploy),
    answer: answers(202, 'Accepted', api.deployAccepted),
    problems: [
      'model_not_found',
      'version_not_found',
      'alias_not_found',
      'version_archived',
      'stage_not_reached',
      'environment_mismatch',
      'rollout_in_progress',
      'no_change',
      'strategy_not_available',
      ...commandProblems,
    ],
    servedBy: 'api',
  },
  {
    method: 'POST',
    path: '/api/deploy/rollback',
    operationId: 'rollBackDeployment',
    tag: 'Deployments',
    permission: 'deploy',
    summary: 'Take traffic back to the version before',
    description:
      'Answered when no serving process can use the version that traffic leaves: each has said so, or has been silent for longer than it may route without asking the log. The version is kept, so that `to` can return to it. A rollout under way ends.',
    headers: commandHeaders,
    body: json(api.rollBackDeployment),
    answer: answers(200, 'Traffic is back', api.deploymentRolledBack),
    problems: [
      'deployment_not_found',
      'deployment_retired',
      'no_former_version',
      'already_rolled_back',
      'rollout_not_kept',
      'rollout_in_progress',
      'version_archived',
      'version_cut_off',
      ...commandProblems,
    ],
    servedBy: 'api',
  },
  {
    method: 'POST',
    path: '/api/deploy/{deployment}/retire',
    operationId: 'retireDeployment',
    tag: 'Deployments',
    permission: 'deploy',
    summary: 'Take a deployment out of service',
    params: deploymentParams,
    headers: commandHeaders,
    body: json(api.retire),
    answer: answers(202, 'Accepted', api.retired),
    problems: ['deployment_not_found', 'no_change', ...commandProblems],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/api/deploy/status',
    operationId: 'deploymentStatus',
    tag: 'Deployments',
    permission: 'read',
    summary: 'Deployments and their rollouts, by name',
    query: deploymentsQuery,
    answer: answers(200, 'A page of deployments', api.deploymentList),
    problems: ['deployment_not_found', ...readProblems, 'invalid_cursor'],
    servedBy: 'api',
  },
] as const satisfies readonly RouteSpec[];
