import { z } from 'zod';
import { modelName, modelVersion, sha256Digest } from '../names.js';
import { signature } from '../signature.js';
import { defineEvent, type EventOf } from './define.js';

export const stage = z.enum(['development', 'staging', 'production']);
export type Stage = z.infer<typeof stage>;

/** Where a version came from. What does not exist in Modelog is recorded as given. */
export const lineage = z.object({
  dataset: z.string().max(512).optional(),
  training_job: z.string().max(512).optional(),
  source: z.string().max(2048).optional(),
  parent_version: z.string().max(300).optional(),
});
export type Lineage = z.infer<typeof lineage>;

/** Training data to compare traffic with, as an artifact. */
export const baseline = z.object({ artifact: sha256Digest, format: z.string().min(1).max(64) });

export const tags = z.record(z.string().min(1).max(128), z.string().max(1024));
export const metrics = z.record(z.string().min(1).max(128), z.number());

/** What is recorded of a version when it is registered; a model begins with its first version. */
export const VersionRegistered = defineEvent(
  'VersionRegistered',
  z.object({
    model: modelName,
    version: modelVersion,
    artifact: sha256Digest,
    size: z.int().nonnegative(),
    description: z.string().optional(),
    task: z.string().optional(),
    tags,
    metrics,
    signature,
    baseline: baseline.optional(),
    lineage,
  }),
);

export type ModelEvent = EventOf<typeof VersionRegistered>;
export const modelEvents = [VersionRegistered] as const;
