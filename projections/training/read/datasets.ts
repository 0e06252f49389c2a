/** Data sets as the API shows them, at a moment. */
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import type { Queryable } from '#libs/projecting/index.js';

export type DatasetVersion = z.infer<typeof api.datasetView>['versions'][number];
export type DatasetSummary = z.infer<typeof api.datasetSummary>;

/** In order of registration; of one version, that one. */
export async function versionsOf(
  database: Queryable,
  dataset: string,
  seq: number,
  version?: string,
): Promise<DatasetVersion[]> {
  const { rows } = await database.query<DatasetVersion>(
    `select version, digest, source, format, bytes, rows, schema, profile, description, created_at, created_by, seq
     from training.dataset_versions
     where dataset = $1 and seq <= $2 and ($3::text is null or version = $3) order by seq`,
    [dataset, seq, version ?? null],
  );
  return rows;
}

/** At most `limit` behind a name, by name. */
export async function datasetsBehind(
  database: Queryable,
  after: string,
  seq: number,
  limit: number,
): Promise<DatasetSummary[]> {
  const { rows } = await database.query<DatasetSummary>(
    `select d.dataset, counted.versions, newest.version as latest_version, newest.rows, d.created_at,
            newest.created_at as updated_at
     from training.datasets d
     cross join lateral (
       select count(*)::integer as versions from training.dataset_versions v where v.dataset = d.dataset and v.seq <= $2
     ) counted
     cross join lateral (
       select v.version, v.rows, v.created_at from training.dataset_versions v
       where v.dataset = d.dataset and v.seq <= $2 order by v.seq desc limit 1
     ) newest
     where d.dataset > $1 and d.created_seq <= $2 order by d.dataset limit $3`,
    [after, seq, limit],
  );
  return rows;
}

export async function datasetExists(database: Queryable, dataset: string, seq: number): Promise<boolean> {
  const { rowCount } = await database.query('select from training.datasets where dataset = $1 and created_seq <= $2', [
    dataset,
    seq,
  ]);
  return rowCount > 0;
}
