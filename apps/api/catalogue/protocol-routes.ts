import { z } from 'zod';
import { deploymentName, modelVersion, oip, type ProblemCode } from '#libs/contracts/index.js';
import { limits } from './limits.js';
import { answers, json, timeoutHeaders } from './route-parts.js';
import type { RouteSpec } from './route.js';

const tag = 'Open Inference Protocol';
const shared = { tag, servedBy: 'serving', refusal: oip.refusal } as const;

const model = deploymentName.meta({ description: 'Name of a deployment' });
const ofModel = z.object({ model });
const ofVersion = z.object({ model, version: modelVersion });
/** The same call for what a deployment serves, and for a version that has to be that. */
const addresses = [
  { at: '/v2/models/{model}', params: ofModel, suffix: '' },
  { at: '/v2/models/{model}/versions/{version}', params: ofVersion, suffix: 'OfVersion' },
] as const;

const versionProblems: readonly ProblemCode[] = [
  'deployment_not_found',
  'version_not_served',
  'deployment_not_live',
  'deployment_retired',
  'version_cut_off',
];

const inferHeaders = timeoutHeaders.extend({
  'Inference-Header-Content-Length': z
    .int()
    .nonnegative()
    .optional()
    .meta({ description: 'Bytes of the JSON before binary data' }),
});

/** What serving processes answer below /v2, in the protocol's own form. */
export const protocolRoutes: readonly RouteSpec[] = [
  {
    ...shared,
    method: 'GET',
    path: '/v2',
    operationId: 'oipServer',
    permission: 'read',
    summary: 'The server and the extensions that it speaks',
    answer: answers(200, 'Name, version, extensions', oip.serverMetadata),
    problems: [],
  },
  {
    ...shared,
    method: 'GET',
    path: '/v2/health/live',
    operationId: 'oipLive',
    permission: null,
    summary: 'Whether the server runs',
    answer: answers(200, 'It runs', oip.live),
    problems: [],
  },
  {
    ...shared,
    method: 'GET',
    path: '/v2/health/ready',
    operationId: 'oipReady',
    permission: null,
    summary: 'Whether predictions can be routed and recorded',
    answer: answers(200, 'They can; 503 where they cannot', oip.ready),
    problems: ['unavailable'],
  },
  {
    ...shared,
    method: 'GET',
    path: '/v2/models/stats',
    operationId: 'oipStatistics',
    permission: 'read',
    summary: 'What every deployment answered, in all serving processes',
    answer: answers(200, 'Counts and durations', oip.statistics),
    problems: ['unavailable'],
  },
  {
    ...shared,
    method: 'POST',
    path: '/v2/repository/index',
    operationId: 'oipRepositoryIndex',
    permission: 'read',
    summary: 'Deployments with their versions and whether they can serve',
    body: json(oip.indexRequest),
    answer: answers(200, 'One entry per version', oip.repositoryIndex),
    problems: [],
  },
  ...addresses.flatMap(({ at, params, suffix }): RouteSpec[] => [
    {
      ...shared,
      method: 'GET',
      path: at,
      operationId: `oipModel${suffix}`,
      permission: 'read',
      summary: 'The tensors that a deployment takes and gives',
      params,
      answer: answers(200, 'Inputs and outputs', oip.modelMetadata),
      problems: versionProblems,
    },
    {
      ...shared,
      method: 'GET',
      path: `${at}/ready`,
      operationId: `oipModelReady${suffix}`,
      permission: 'read',
      summary: 'Whether a deployment can serve',
      params,
      answer: answers(200, 'It can; 503 where it cannot yet', oip.modelReady),
      problems: versionProblems,
    },
    {
      ...shared,
      method: 'GET',
      path: `${at}/stats`,
      operationId: `oipModelStatistics${suffix}`,
      permission: 'read',
      summary: 'What a deployment answered, in all serving processes',
      params,
      answer: answers(200, 'Counts and durations', oip.statistics),
      problems: [...versionProblems, 'unavailable'],
    },
    {
      ...shared,
      method: 'POST',
      path: `${at}/infer`,
      operationId: `oipInfer${suffix}`,
      permission: 'predict',
      summary: 'Predict rows given as tensors',
      description:
        'One tensor per graph input or one per feature; a single tensor of any name for a model with one numeric input. Tensors may be binary data behind the JSON. Bodies may be packed (gzip, deflate).',
      params,
      headers: inferHeaders,
      body: [
        ...json(oip.inferRequest, limits.batch),
        { mediaType: 'application/octet-stream', content: 'bytes', limitBytes: limits.batch },
      ],
      answer: {
        status: 200,
        description: 'The outputs, recorded',
        content: [
          { mediaType: 'application/json', content: oip.inferResponse },
          { mediaType: 'application/octet-stream', content: 'bytes' },
        ],
      },
      problems: [
        ...versionProblems,
        'invalid_tensor',
        'missing_feature',
        'not_finite',
        'empty_batch',
        'model_failed',
        'deadline_exceeded',
        'overloaded',
        'routing_stale',
        'log_unavailable',
      ],
    },
  ]),
];
