import type { api } from '#libs/contracts/index.js';
import type { Queryable } from '#libs/projecting/index.js';
import { namesOf } from './aliases.js';

/** Whether the model had a version. */
export async function modelExists(database: Queryable, model: string, seq: number): Promise<boolean> {
  const { rowCount } = await database.query('select from registry.models where model = $2 and created_seq <= $1', [
    seq,
    model,
  ]);
  return rowCount > 0;
}

type CountedRow = Pick<api.ModelSummary, 'versions' | 'latest_version' | 'created_at' | 'updated_at'> & {
  model: string;
};

/** Models that existed, as lists show them, in the order given. */
export async function modelSummaries(
  database: Queryable,
  models: readonly string[],
  seq: number,
): Promise<api.ModelSummary[]> {
  if (models.length === 0) return [];
  const { rows } = await database.query<CountedRow>(
    `select m.model, m.created_at, counted.versions, latest.version as latest_version, last.at as updated_at
     from unnest($2::text[]) with ordinality as wanted (model, place)
     join registry.models m on m.model = wanted.model
     cross join lateral (
       select count(*)::integer as versions from registry.registrations r
       where r.model = m.model and r.registered_seq <= $1
     ) counted
     cross join lateral (
       select r.version from registry.registrations r
       where r.model = m.model and r.registered_seq <= $1 order by r.registered_seq desc limit 1
     ) latest
     cross join lateral (
       select d.at from registry.decisions d where d.model = m.model and d.seq <= $1 order by d.seq desc limit 1
     ) last
     order by wanted.place`,
    [seq, models],
  );
  const names = await namesOf(database, models, seq);
  return rows.map(({ model, ...counted }) => ({ model_id: model, ...names.get(model)!, ...counted }));
}
