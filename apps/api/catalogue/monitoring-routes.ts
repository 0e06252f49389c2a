/** The calls that tell how deployments do. */
import { api } from '#libs/contracts/index.js';
import { answers, readProblems } from './route-parts.js';
import type { RouteSpec } from './route.js';

export const monitoringRoutes = [
  {
    method: 'GET',
    path: '/api/monitoring/metrics',
    operationId: 'operationalMetrics',
    tag: 'Monitoring',
    permission: 'read',
    summary: 'Throughput, latency, errors and queue of deployed versions, in all and per window',
    description:
      "Of the log's time; `from` and `to` are widened to whole ten seconds. Windows begin at multiples of `window_s`. The newest window ends with the moment of the read: its throughput is over the part that has passed.",
    query: api.metricsQuery,
    answer: answers(200, 'Versions that had traffic, by deployment, model and version', api.metricsAnswer),
    problems: ['deployment_not_found', ...readProblems],
    servedBy: 'api',
  },
] as const satisfies readonly RouteSpec[];
