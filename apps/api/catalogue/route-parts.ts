/** What the descriptions of many calls have in common. */
import { z } from 'zod';
import { api, type ProblemCode } from '#libs/contracts/index.js';
import { limits } from './limits.js';
import type { BodySpec, RouteSpec } from './route.js';

/** A misspelt or unknown parameter is refused by its name: ignored, it would give another answer than was asked for. */
export const readQuery = api.readQuery.strict();
export const listQuery = api.listQuery.strict();
export const searchQuery = api.searchQuery.strict();

export const commandHeaders = z.object({
  'Idempotency-Key': api.idempotencyKey.optional().meta({
    description: 'A repeat with the same key and body gets the recorded answer; with another body, 409',
  }),
});

/** Of predictions; serving processes read it. */
export const timeoutHeaders = z.object({
  'X-Request-Timeout-Ms': z.number().positive().optional().meta({
    description: 'Milliseconds from its arrival after which nobody waits for the answer any more: then 504',
  }),
});

export const json = (content: z.ZodType, limitBytes: number = limits.json): readonly BodySpec[] => [
  { mediaType: 'application/json', content, limitBytes },
];

export const answers = (status: 200 | 201 | 202, description: string, content: z.ZodType): RouteSpec['answer'] => ({
  status,
  description,
  content: [{ mediaType: 'application/json', content }],
});

export const commandProblems = ['idempotency_conflict', 'append_contention', 'log_unavailable'] as const;
export const readProblems = ['invalid_request', 'invalid_position', 'not_caught_up', 'unavailable'] as const;
/** Of a command on one version. */
export const versionProblems = ['model_not_found', 'version_not_found', 'alias_not_found', ...commandProblems] as const;
/** Of a graph that is read and tried. */
export const modelProblems = [
  'artifact_not_found',
  'artifact_damaged',
  'payload_too_large',
  'not_onnx',
  'external_data',
  'unsupported_model',
  'model_cannot_load',
  'model_cannot_run',
  'signature_mismatch',
] as const satisfies readonly ProblemCode[];
