/** A data set: an append-only list of versions, each its content, schema and profile. */
import { z } from 'zod';
import {
  catalogueOf,
  datasetEvents,
  datasetSource,
  dataFormat,
  modelVersion,
  rejection,
  sha256Digest,
  subjects,
  type DatasetEvent,
  type DatasetVersionRegistered,
  type EventOf,
  type Rejection,
} from '#libs/contracts/index.js';
import { accept, canonicalJson, reject, sha256Hex, type Decider } from '#libs/kernel/index.js';

const datasetVersion = z.object({
  version: modelVersion,
  digest: sha256Digest,
  source: datasetSource,
  format: dataFormat,
  rows: z.int(),
  /** Digest of the schema's canonical form. */
  schema: z.string(),
});

export const datasetState = z.object({ versions: z.array(datasetVersion) });
export type DatasetState = z.infer<typeof datasetState>;

export interface RegisterDataset {
  readonly type: 'RegisterDataset';
  readonly registration: Omit<EventOf<typeof DatasetVersionRegistered>['data'], 'version'>;
}

export const dataset: Decider<RegisterDataset, DatasetState, DatasetEvent, Rejection> = {
  initialState: { versions: [] },
  decide({ registration }, { versions }) {
    const newest = versions.at(-1);
    const schema = schemaDigest(registration.schema);
    if (newest?.digest === registration.digest && newest.schema === schema)
      return reject(
        rejection('no_change', `${registration.name}@${newest.version} has these bytes and this schema already`),
      );
    return accept({
      type: 'DatasetVersionRegistered',
      data: { ...registration, version: nextDatasetVersion(newest, schema) },
    });
  },
  evolve({ versions }, { data }) {
    const { version, digest, source, format, rows } = data;
    return { versions: [...versions, { version, digest, source, format, rows, schema: schemaDigest(data.schema) }] };
  },
};

/** Minor for other rows of the same schema, major for another schema. */
function nextDatasetVersion(newest: z.infer<typeof datasetVersion> | undefined, schema: string): string {
  if (newest === undefined) return '1.0.0';
  const [major = 0, minor = 0] = newest.version.split('.').map(Number);
  return newest.schema === schema ? `${major}.${minor + 1}.0` : `${major + 1}.0.0`;
}

const schemaDigest = (schema: RegisterDataset['registration']['schema']): string => sha256Hex(canonicalJson(schema));

/** The version named outright, or the newest. */
export const findDatasetVersion = (
  { versions }: DatasetState,
  version: string | null,
): DatasetState['versions'][number] | undefined =>
  version === null ? versions.at(-1) : versions.find((each) => each.version === version);

export const datasetDefinition = {
  category: 'dataset',
  subjectOf: subjects.dataset,
  decider: dataset,
  catalogue: catalogueOf(datasetEvents),
  snapshot: {
    version: 1,
    encode: (state: DatasetState): unknown => state,
    decode: (stored: unknown): DatasetState => datasetState.parse(stored),
  },
} as const;
