import { z } from 'zod';
import { dataFormat, datasetSchema } from '../datasets/schema.js';
import { modelName, modelVersion, sha256Digest } from '../names.js';
import { datasetSource } from '../training/spec.js';
import { defineEvent, type EventOf } from './define.js';

/** A data set version is its content, schema and profile: minor for other rows of the same schema, major for another one. */
export const DatasetVersionRegistered = defineEvent(
  'DatasetVersionRegistered',
  z.object({
    name: modelName,
    version: modelVersion,
    digest: sha256Digest,
    source: datasetSource,
    format: dataFormat,
    bytes: z.int().nonnegative(),
    rows: z.int().nonnegative(),
    schema: datasetSchema,
    /** A `datasetProfile`, as an artifact. */
    profile: sha256Digest,
    description: z.string().max(10_000).nullable(),
  }),
);

export const datasetEvents = [DatasetVersionRegistered] as const;
export type DatasetEvent = EventOf<(typeof datasetEvents)[number]>;
