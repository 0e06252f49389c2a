/** The calls that predict, and tell of predictions. */
import { z } from 'zod';
import { api } from '#libs/contracts/index.js';
import { limits } from './limits.js';
import { answers, commandHeaders, json, readProblems, readQuery, timeoutHeaders } from './route-parts.js';
import type { RouteSpec } from './route.js';

export const whyParams = z.object({
  prediction_id: z.string().min(1).max(512).meta({ description: 'As a prediction was answered' }),
});

const featureProblems = [
  'missing_feature',
  'unknown_feature',
  'ill_typed_feature',
  'not_finite',
  'deployment_not_found',
  'deployment_not_live',
  'deployment_retired',
  'version_cut_off',
  'model_failed',
  'deadline_exceeded',
  'overloaded',
  'routing_stale',
  'log_unavailable',
] as const;

export const predictionRoutes = [
  {
    method: 'POST',
    path: '/api/predict',
    operationId: 'predict',
    tag: 'Predictions',
    permission: 'predict',
    summary: 'Predict one row',
    headers: timeoutHeaders,
    body: json(api.predict, limits.prediction),
    answer: answers(200, 'The prediction, recorded', api.predicted),
    problems: featureProblems,
    servedBy: 'serving',
  },
  {
    method: 'POST',
    path: '/api/predict/batch',
    operationId: 'predictBatch',
    tag: 'Predictions',
    permission: 'predict',
    summary: 'Predict many rows, all or nothing on validation',
    headers: timeoutHeaders,
    body: json(api.predictBatch, limits.batch),
    answer: answers(200, 'The predictions, recorded', api.batchPredicted),
    problems: ['empty_batch', ...featureProblems],
    servedBy: 'serving',
  },
  {
    method: 'GET',
    path: '/api/predict/health',
    operationId: 'predictHealth',
    tag: 'Predictions',
    permission: 'read',
    summary: 'What serving processes have loaded',
    answer: answers(200, 'Deployments with their versions', api.predictHealth),
    problems: [],
    servedBy: 'serving',
  },
  {
    method: 'POST',
    path: '/api/feedback',
    operationId: 'recordFeedback',
    tag: 'Predictions',
    permission: 'predict',
    summary: 'Say what was observed of predictions',
    description:
      'One observation, or up to 10,000 as `items`. Every label is held against the version that answered before any is stored. Late, repeated and corrected labels are accepted: the newest `observed_at` counts. After a 503 some may be stored: the same request with the same Idempotency-Key stores the rest.',
    headers: commandHeaders,
    body: json(api.feedback, limits.feedback),
    answer: answers(200, 'How many are recorded, and the ids that nothing is recorded under', api.feedbackAccepted),
    problems: ['idempotency_conflict', 'not_caught_up', 'unavailable', 'log_unavailable'],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/api/why/{prediction_id}',
    operationId: 'why',
    tag: 'Predictions',
    permission: 'read',
    summary: 'The whole story of one prediction',
    params: whyParams,
    query: readQuery,
    answer: answers(200, 'Request, output, version, route, rollout, registration and labels', api.why),
    problems: ['prediction_not_found', ...readProblems, 'log_unavailable'],
    servedBy: 'api',
  },
] as const satisfies readonly RouteSpec[];
