/** Versions of one model or of all that satisfy a filter. */
import {
  asOf,
  filterSql,
  pageSql,
  type Asked,
  type Filter,
  type Queryable,
  type Searched,
} from '#libs/projecting/index.js';
import { candidatesOf } from './candidates.js';
import { versionFilter, versionOrder } from './fields.js';
import { alongIndex } from './walk.js';

/** Models in order of their names, the versions of each in order of registration. */
export const searchedVersions = (model: string | undefined): Searched => ({
  list: model === undefined ? 'versions' : `versions of ${model}`,
  filter: versionFilter,
  order: versionOrder,
  keys: [
    { sql: 'r.model', type: 'text' },
    { sql: 'r.registered_seq', type: 'integer' },
  ],
});

/** `model`, `version`, and what it is sorted by. */
export type FoundVersion = Readonly<Record<string, unknown>> & { readonly model: string; readonly version: string };

/**
 * The versions of a page, and one more where there are more. Of all models: those that indexes lead to where they are few;
 * else along an index in the order asked for until the page is full; else all in question, sorted.
 */
export async function findVersions(
  database: Queryable,
  asked: Asked,
  seq: number,
  model: string | undefined,
): Promise<readonly FoundVersion[]> {
  if (model !== undefined) return select(database, asked, [seq], undefined, model);
  const { filter } = asked;
  const parameters: unknown[] = [seq];
  const few = filter === undefined ? undefined : await candidatesOf(database, filter, parameters, 'few');
  if (few !== undefined) return select(database, asked, parameters, few);
  const walked = await alongIndex(database, asked, seq);
  if (walked !== undefined) return walked;
  const many = filter === undefined ? undefined : await candidatesOf(database, filter, parameters, 'many');
  return select(database, asked, parameters, many);
}

async function select(
  database: Queryable,
  { sort, filter, limit, after }: Asked,
  parameters: unknown[],
  candidates: string | undefined,
  model?: string,
): Promise<readonly FoundVersion[]> {
  const page = pageSql(sort, after, parameters);
  const { rows } = await database.query<FoundVersion>(
    `select r.model, r.version, ${page.columns}
     from ${candidates === undefined ? '' : `(${candidates}) c join`} registry.registrations r
       ${candidates === undefined ? '' : 'on r.model = c.model and r.version = c.version'}
     cross join lateral (${standing(filter, parameters)}) v
     where r.registered_seq <= $1 ${model === undefined ? '' : `and r.model = $${parameters.push(model)}`} and ${page.after}
     order by ${page.orderBy} limit ${limit + 1}`,
    parameters,
  );
  return rows;
}

/** The version as it stood, where the filter is true of it. `limit 1` keeps PostgreSQL to its primary key. */
const standing = (filter: Filter | undefined, parameters: unknown[]): string =>
  `select v.* from registry.versions v
   where v.model = r.model and v.version = r.version and ${asOf('$1', 'v')}
     and ${filter === undefined ? 'true' : filterSql(filter, parameters)}
   limit 1`;
