/** Versions as the API shows them, at a moment. */
import type { api, Signature } from '#libs/contracts/index.js';
import { asOf, type Queryable } from '#libs/projecting/index.js';
import { aliasesOf, namesOf, type Names } from './aliases.js';
import { reviewsOf } from './reviews.js';

/** One model's versions, all or one, or any versions by name. */
export type Wanted =
  | { readonly model: string; readonly version?: string | undefined }
  | { readonly keys: readonly { readonly model: string; readonly version: string }[] };

type StoredFields = Omit<api.VersionSummary, 'model_id' | 'aliases' | 'lineage'>;
type VersionRow = StoredFields & {
  model: string;
  signature: string;
  dataset: string | null;
  training_job: string | null;
  source: string | null;
  parent_version: string | null;
};

/** Versions with everything that is known of them, in order of registration; `names` are the model's at that moment. */
export async function versionViews(
  database: Queryable,
  model: string,
  seq: number,
  names: Names,
  version?: string,
): Promise<api.VersionView[]> {
  const rows = await versionRows(database, { model, version }, seq);
  if (rows.length === 0) return [];
  const signatures = await signaturesOf(database, rows);
  const reviews = await reviewsOf(database, model, seq, version);
  return rows.map((row) => {
    const { model_id: _model, ...fields } = summary(row, names);
    const signature = signatures.get(row.signature)!;
    const feature_names = signature.features.map(({ name }) => name);
    return { ...fields, signature, feature_names, ...reviews(row.version) };
  });
}

/** Versions as lists show them, in the order given. */
export async function versionSummaries(
  database: Queryable,
  keys: readonly { readonly model: string; readonly version: string }[],
  seq: number,
): Promise<api.VersionSummary[]> {
  if (keys.length === 0) return [];
  const rows = await versionRows(database, { keys }, seq);
  const names = await namesOf(database, [...new Set(keys.map(({ model }) => model))], seq);
  return rows.map((row) => summary(row, names.get(row.model)!));
}

async function versionRows(database: Queryable, wanted: Wanted, seq: number): Promise<VersionRow[]> {
  const from = fromSql(wanted);
  const { rows } = await database.query<VersionRow>(
    `select r.model, r.version, v.stage, v.archived, r.artifact, r.size, n.description, r.task, r.metrics,
            r.hyperparameters, r.dataset, r.training_job, r.source, r.parent_version, r.baseline, r.derivation, n.tags,
            r.created_at, r.created_by, last.at as updated_at, r.event_id, r.registered_seq as seq, r.signature
     from ${from.sql}
     join registry.versions v on v.model = r.model and v.version = r.version and ${asOf('$1', 'v')}
     join registry.annotations n on n.model = r.model and n.version = r.version and ${asOf('$1', 'n')}
     cross join lateral (
       select e.at from registry.version_events e
       where e.model = r.model and e.version = r.version and e.seq <= $1 order by e.seq desc limit 1
     ) last
     where r.registered_seq <= $1 ${from.where} order by ${from.order}`,
    [seq, ...from.parameters],
  );
  return rows;
}

function fromSql(wanted: Wanted) {
  if ('keys' in wanted)
    return {
      sql: `unnest($2::text[], $3::text[]) with ordinality as wanted (model, version, place)
        join registry.registrations r on r.model = wanted.model and r.version = wanted.version`,
      where: '',
      order: 'wanted.place',
      parameters: [wanted.keys.map(({ model }) => model), wanted.keys.map(({ version }) => version)],
    };
  const { model, version } = wanted;
  return {
    sql: 'registry.registrations r',
    where: `and r.model = $2 ${version === undefined ? '' : 'and r.version = $3'}`,
    order: 'r.registered_seq',
    parameters: version === undefined ? [model] : [model, version],
  };
}

function summary(
  { model, signature: _signature, dataset, training_job, source, parent_version, ...stored }: VersionRow,
  names: Names,
): api.VersionSummary {
  const origin = { dataset, training_job, source, parent_version };
  const given = Object.entries(origin).filter(([, value]) => value !== null);
  return {
    model_id: model,
    ...stored,
    lineage: Object.fromEntries(given),
    aliases: aliasesOf(names, stored.version),
  };
}

/** Versions mostly share theirs: each is read once. */
async function signaturesOf(database: Queryable, rows: readonly VersionRow[]): Promise<Map<string, Signature>> {
  const { rows: found } = await database.query<{ digest: string; signature: Signature }>(
    'select digest, signature from registry.signatures where digest = any ($1::text[])',
    [[...new Set(rows.map(({ signature }) => signature))]],
  );
  return new Map(found.map(({ digest, signature }) => [digest, signature]));
}
