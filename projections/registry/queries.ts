import { rejection, type api, type Rejection, type Signature } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import {
  asOf,
  cursorOf,
  readCursor,
  type ProjectionReader,
  type Queryable,
  type ReadAt,
} from '#libs/projecting/index.js';

/** `api.modelList`. */
export interface ModelPage {
  readonly items: api.ModelSummary[];
  readonly next_cursor: string | null;
  readonly as_of_seq: number;
}

export interface ListAt extends ReadAt {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Reads of the registry. Every method may also refuse as `ProjectionReader.read` does. */
export class RegistryQueries {
  constructor(private readonly reader: ProjectionReader) {}

  /** A model with all its versions in order of registration; or `model_not_found`. */
  getModel(name: string, at: ReadAt = {}): Promise<Result<api.ModelView, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const model = await findModel(database, name, seq);
      if (model === undefined) return reject(noModel(name, seq));
      const versions = await findVersions(database, name, seq);
      return accept({ ...modelFields(model), versions: versions.map(versionView), as_of_seq: seq });
    });
  }

  /** One version; or `model_not_found`, `version_not_found`. */
  getVersion(
    name: string,
    version: string,
    at: ReadAt = {},
  ): Promise<Result<api.VersionView & { as_of_seq: number }, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const [row] = await findVersions(database, name, seq, version);
      if (row !== undefined) return accept({ ...versionView(row), as_of_seq: seq });
      const model = await findModel(database, name, seq);
      return reject(
        model === undefined
          ? noModel(name, seq)
          : rejection('version_not_found', `${name} has no version ${version} as of ${seq}`),
      );
    });
  }

  /** Models in order of their names. A page's cursor goes on at the same moment as the first page. */
  async listModels({ limit, cursor, ...at }: ListAt): Promise<Result<ModelPage, Rejection>> {
    const from = cursor === undefined ? undefined : readCursor('models', cursor);
    if (from !== undefined && !from.ok) return from;
    const moment: ReadAt = from === undefined ? at : { as_of: { seq: from.value.seq } };
    return this.reader.read(moment, async (database, seq) => {
      const { rows } = await database.query<ModelRow>(
        `select ${modelColumns} from registry.models
         where model > $1 and ${asOf('$2')} order by model limit $3`,
        [from?.value.after ?? '', seq, limit + 1],
      );
      const items = rows.slice(0, limit).map(modelSummary);
      const last = items.at(-1);
      const next_cursor =
        rows.length > limit && last !== undefined ? cursorOf({ list: 'models', seq, after: last.model_id }) : null;
      return accept({ items, next_cursor, as_of_seq: seq });
    });
  }
}

interface ModelRow {
  model: string;
  versions: number;
  latest_version: string;
  champion: string | null;
  aliases: Record<string, string>;
  created_at: string;
  updated_at: string;
}

interface VersionRow {
  version: string;
  stage: api.VersionView['stage'];
  artifact: string;
  size: number;
  description: string | null;
  task: string | null;
  metrics: Record<string, number>;
  signature: Signature;
  lineage: api.VersionView['lineage'];
  baseline: api.VersionView['baseline'];
  tags: Record<string, string>;
  created_at: string;
  created_by: string;
  event_id: string;
  registered_seq: number;
}

const modelColumns = 'model, versions, latest_version, champion, aliases, created_at, updated_at';

async function findModel(database: Queryable, name: string, seq: number): Promise<ModelRow | undefined> {
  const { rows } = await database.query<ModelRow>(
    `select ${modelColumns} from registry.models where model = $1 and ${asOf('$2')}`,
    [name, seq],
  );
  return rows[0];
}

async function findVersions(database: Queryable, name: string, seq: number, version?: string): Promise<VersionRow[]> {
  const { rows } = await database.query<VersionRow>(
    `select v.version, v.stage, r.artifact, r.size, v.description, v.task, v.metrics, s.signature, r.lineage,
            r.baseline, v.tags, r.created_at, r.created_by, r.event_id, v.registered_seq
     from registry.versions v
     join registry.registrations r using (model, registered_seq)
     join registry.signatures s on s.digest = r.signature
     where v.model = $1 and ${asOf('$2', 'v')} and ($3::text is null or v.version = $3)
     order by v.registered_seq`,
    [name, seq, version ?? null],
  );
  return rows;
}

const modelFields = ({ model, champion, aliases }: ModelRow) => ({ model_id: model, champion, aliases });

const modelSummary = (row: ModelRow): api.ModelSummary => ({
  ...modelFields(row),
  versions: row.versions,
  latest_version: row.latest_version,
  created_at: row.created_at,
  updated_at: row.updated_at,
});

const versionView = ({ registered_seq, ...row }: VersionRow): api.VersionView => ({
  ...row,
  feature_names: row.signature.features.map(({ name }) => name),
  seq: registered_seq,
});

const noModel = (name: string, seq: number): Rejection =>
  rejection('model_not_found', `no model is named '${name}' as of ${seq}`);
