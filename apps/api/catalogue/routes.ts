import { z } from 'zod';
import { api, sha256Digest } from '#libs/contracts/index.js';
import { deploymentRoutes } from './deployment-routes.js';
import { limits, multipartLimit } from './limits.js';
import { predictionRoutes } from './prediction-routes.js';
import { protocolRoutes } from './protocol-routes.js';
import { modelParams } from './registry-queries.js';
import { monitoringRoutes } from './monitoring-routes.js';
import { registryRoutes } from './registry-routes.js';
import {
  answers,
  commandHeaders,
  commandProblems,
  json,
  modelProblems,
  readProblems,
  readQuery,
  searchQuery,
} from './route-parts.js';
import type { RouteSpec } from './route.js';
import { trainingRoutes } from './training-routes.js';

export const artifactParams = z.object({ digest: sha256Digest });
export const artifactQuery = z.strictObject({
  digest: sha256Digest.optional().meta({ description: 'What the bytes must have; also as header Digest' }),
});

export const eventsQuery = api.eventsQuery.strict();

const feedHeaders = z.object({
  'Last-Event-ID': z.string().optional().meta({ description: 'Sequence after which the live feed goes on' }),
});

const tells = (description: string): RouteSpec['answer'] => ({
  status: 200,
  description,
  content: [{ mediaType: 'text/plain', content: 'text' }],
});

const live = z.object({ status: z.literal('live') });
const ready = z.object({
  status: z.literal('ready'),
  components: z.record(z.string(), z.object({ took_ms: z.number() })),
});

/** Every call of this server. The router, the checks before a body is read and OpenAPI are held against it. */
export const routes = [
  {
    method: 'POST',
    path: '/api/artifacts',
    operationId: 'storeArtifact',
    tag: 'Artifacts',
    permission: 'register',
    summary: 'Store bytes under their digest',
    description: 'The same bytes twice give the same digest and are stored once.',
    query: artifactQuery,
    headers: z.object({ Digest: z.string().optional().meta({ description: 'sha256:<hex> that the bytes must have' }) }),
    body: [{ mediaType: 'application/octet-stream', content: 'bytes', limitBytes: limits.artifact }],
    answer: answers(201, 'Stored', api.artifactStored),
    problems: ['digest_mismatch', 'payload_too_large', 'unsupported_media_type', 'malformed_body', 'unavailable'],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/api/artifacts/{digest}',
    operationId: 'getArtifact',
    tag: 'Artifacts',
    permission: 'read',
    summary: 'The bytes behind a digest',
    description: 'Verified on the way out: damaged bytes are refused, or the connection ends before the last of them.',
    params: artifactParams,
    answer: {
      status: 200,
      description: 'The bytes',
      content: [{ mediaType: 'application/octet-stream', content: 'bytes' }],
    },
    problems: ['artifact_not_found', 'artifact_damaged', 'unavailable'],
    servedBy: 'api',
  },
  {
    method: 'POST',
    path: '/api/models',
    operationId: 'registerModel',
    tag: 'Models',
    permission: 'register',
    summary: 'Register a model, or a version of one',
    description:
      'The ONNX file is loaded and run once; what cannot run is refused. As multipart/form-data, part `artifact` is the file and part `meta` the JSON.',
    headers: commandHeaders,
    body: [
      ...json(api.registerModel),
      {
        mediaType: 'multipart/form-data',
        content: z.object({
          artifact: z.file().meta({ description: 'The ONNX file' }),
          meta: api.registerModel.partial({ artifact: true }).meta({ id: 'RegisterModelMeta' }),
        }),
        limitBytes: multipartLimit,
      },
    ],
    answer: answers(201, 'Registered', api.modelRegistered),
    problems: [
      ...modelProblems,
      'version_exists',
      'lineage_cycle',
      'digest_mismatch',
      ...commandProblems,
      'overloaded',
      'not_caught_up',
      'unavailable',
    ],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/api/models',
    operationId: 'listModels',
    tag: 'Models',
    permission: 'read',
    summary: 'Registered models',
    description:
      'By name, or as `order_by` says. With `filter`, the models of which one version meets the whole filter. All pages of a walk are of the moment of the first.',
    query: searchQuery,
    answer: answers(200, 'A page of models', api.modelList),
    problems: [...readProblems, 'invalid_filter', 'invalid_order', 'invalid_cursor'],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/api/models/{model_id}',
    operationId: 'getModel',
    tag: 'Models',
    permission: 'read',
    summary: 'A model with its versions, in order of registration',
    params: modelParams,
    query: readQuery,
    answer: answers(200, 'The model', api.modelView),
    problems: ['model_not_found', ...readProblems],
    servedBy: 'api',
  },
  ...registryRoutes,
  ...trainingRoutes,
  ...deploymentRoutes,
  ...predictionRoutes,
  ...protocolRoutes,
  ...monitoringRoutes,
  {
    method: 'GET',
    path: '/api/events',
    operationId: 'events',
    tag: 'Events',
    permission: 'read',
    summary: 'Governance events, in order',
    description:
      'Pages; with `Accept: text/event-stream` a live feed that begins at `from_seq`, or after `Last-Event-ID`, and goes on. `limit` and `cursor` are for pages.',
    query: eventsQuery,
    headers: feedHeaders,
    answer: {
      status: 200,
      description: 'A page of events, or the feed',
      content: [
        { mediaType: 'application/json', content: api.eventPage },
        { mediaType: 'text/event-stream', content: 'text' },
      ],
    },
    problems: ['invalid_request', 'invalid_cursor', 'invalid_position', 'log_unavailable'],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/api/whoami',
    operationId: 'whoAmI',
    tag: 'Operations',
    permission: 'read',
    summary: 'Who the caller is, and what they may do',
    answer: answers(200, 'The identity of the token; without authentication, `local`', api.whoAmI),
    problems: [],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/health/live',
    operationId: 'live',
    tag: 'Operations',
    permission: null,
    summary: 'Whether the process runs',
    answer: answers(200, 'It runs', live),
    problems: [],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/health/ready',
    operationId: 'ready',
    tag: 'Operations',
    permission: null,
    summary: 'Whether every component can serve',
    answer: answers(200, 'Every component can serve', ready),
    problems: ['unavailable'],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/metrics',
    operationId: 'metrics',
    tag: 'Operations',
    permission: 'read',
    summary: 'Metrics in the Prometheus text format, of this server and of all serving processes together',
    answer: tells('Metrics'),
    problems: [],
    servedBy: 'api',
  },
  {
    method: 'GET',
    path: '/openapi.json',
    operationId: 'openApi',
    tag: 'Operations',
    permission: null,
    summary: 'This description',
    answer: answers(200, 'OpenAPI 3.1', z.looseObject({ openapi: z.string() })),
    problems: [],
    servedBy: 'api',
  },
] as const satisfies readonly RouteSpec[];
