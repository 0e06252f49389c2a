/** The calls that tell how deployments do. */
import { api } from '#libs/contracts/index.js';
import { answers, readProblems } from './route-parts.js';
import type { RouteSpec } from './route.js';

const windowsDescription =
  "Windows are the monitor's, per version; `from` and `to` choose those whose last row lies between, by the log's time. Each tells at most `columns` columns, those that say most first, or the one `column`. All pages of a walk are of the moment of the first.";
const windowsProblems = ['deployment_not_found', 'invalid_cursor', ...readProblems] as const;

export const monitoringRoutes = [
  {
    method: 'GET',
    path: '/api/monitoring/metrics',
    operationId: 'operationalMetrics',
    tag: 'Monitoring',
    permission: 'read',
    summary: 'Throughput, latency, errors, queue and performance of deployed versions, in all and per window',
    description:
      "Of the log's time; `from` and `to` are widened to whole ten seconds. Windows begin at multiples of `window_s`. The newest window ends with the moment of the read: its throughput is over the part that has passed. `performance` tells the monitor's own windows: metrics measured from labels and estimated without, each with its interval.",
    query: api.metricsQuery,
    answer: answers(200, 'Versions that had traffic, by deployment, model and version', api.metricsAnswer),
    problems: ['deployment_not_found', ...readProblems],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/api/monitoring/drift',
    operationId: 'drift',
    tag: 'Monitoring',
    permission: 'read',
    summary: 'Drift of features, predictions and labels per window, and how the concept-drift detectors stand',
    description: windowsDescription,
    query: api.windowsQuery,
    answer: answers(200, 'A page of windows, the one that closed last first', api.driftAnswer),
    problems: windowsProblems,
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/api/monitoring/quality',
    operationId: 'dataQuality',
    tag: 'Monitoring',
    permission: 'read',
    summary: 'Missing, out of range, unseen and ill-typed values per window and column',
    description: windowsDescription,
    query: api.windowsQuery,
    answer: answers(200, 'A page of windows, the one that closed last first', api.qualityAnswer),
    problems: windowsProblems,
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/api/monitoring/findings',
    operationId: 'findings',
    tag: 'Monitoring',
    permission: 'read',
    summary: 'What was found wrong with deployed versions, from its raising to its clearing',
    description:
      'The newest first; of one deployment, or of all. `open` counts those that are open, on this page or not. All pages of a walk are of the moment of the first.',
    query: api.findingsQuery,
    answer: answers(200, 'A page of findings', api.findingList),
    problems: ['deployment_not_found', 'invalid_cursor', ...readProblems],
    servedBy: 'api',
  },
] as const satisfies readonly RouteSpec[];
