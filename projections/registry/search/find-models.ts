/** Models of which one version satisfies a filter. */
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
import { modelOrder, versionFilter } from './fields.js';

export const searchedModels: Searched = {
  list: 'models',
  filter: versionFilter,
  order: modelOrder,
  keys: [{ sql: 'm.model', type: 'text' }],
};

/** `model`, and what it is sorted by. */
export type FoundModel = Readonly<Record<string, unknown>> & { readonly model: string };

/** Models that are walked through in order of their names, in two steps. */
const steps = [100, 900];
/** The second step is taken where at least every so many models matched in the first, and no index leads to few. */
const oneIn = 20;

/**
 * The models of a page, and one more where there are more. Three plans, for PostgreSQL cannot know which one suits: walk
 * through models until the page is full; where few match or indexes lead to few versions, look at those; where none
 * does, at all versions.
 */
export async function findModels(database: Queryable, asked: Asked, seq: number): Promise<readonly FoundModel[]> {
  const { filter, sort, after, limit } = asked;
  if (filter === undefined) return select(database, asked, [seq], 'registry.models m where true');
  // In another order the first ones are not known before all are.
  if (sort.order.length > 0) return ofRest(database, asked, filter, seq, '');
  const found: FoundModel[] = [];
  // The last one of the page before comes again here: `after` leaves it out.
  let from = String(after?.[0] ?? '');
  for (const [index, step] of steps.entries()) {
    if (index > 0) {
      if (found.length < steps[0]! / oneIn) break;
      const page = { sort, after, limit: limit - found.length };
      const rest = await ofFew(database, page, filter, seq, from);
      if (rest !== undefined) return [...found, ...rest];
    }
    const to = await modelBehind(database, from, step, seq);
    const parameters: unknown[] = [seq];
    const page = { sort, after, limit: limit - found.length };
    found.push(...(await select(database, page, parameters, ofWalked(filter, parameters, from, to))));
    if (to === undefined || found.length > limit) return found;
    from = to;
  }
  return [...found, ...(await ofRest(database, { sort, after, limit: limit - found.length }, filter, seq, from))];
}

type PageOf = Pick<Asked, 'sort' | 'after' | 'limit'>;

/** `from` gives the models in question as `m`, up to a condition. */
async function select(
  database: Queryable,
  { sort, after, limit }: PageOf,
  parameters: unknown[],
  from: string,
): Promise<readonly FoundModel[]> {
  const page = pageSql(sort, after, parameters);
  const { rows } = await database.query<FoundModel>(
    `select m.model, ${page.columns} from ${from} and m.created_seq <= $1 and ${page.after}
     order by ${page.orderBy} limit ${limit + 1}`,
    parameters,
  );
  return rows;
}

/** The model that stands so many places behind another; undefined where there are not so many. */
async function modelBehind(
  database: Queryable,
  from: string,
  places: number,
  seq: number,
): Promise<string | undefined> {
  const { rows } = await database.query<{ model: string }>(
    `select model from registry.models where model > $1 and created_seq <= $2 order by model offset ${places} limit 1`,
    [from, seq],
  );
  return rows[0]?.model;
}

const registration = 'left join registry.registrations r on r.model = v.model and r.version = v.version';

/** Models one after the other: `limit 1` makes PostgreSQL go by the primary keys, whatever it expects to find. */
const ofWalked = (filter: Filter, parameters: unknown[], from: string, to: string | undefined): string => `
  registry.models m cross join lateral (
    select from registry.versions v ${registration}
    where v.model = m.model and ${asOf('$1', 'v')} and ${filterSql(filter, parameters)}
    limit 1
  ) hit
  where m.model >= $${parameters.push(from)} ${to === undefined ? '' : `and m.model < $${parameters.push(to)}`}`;

/** Undefined where no index leads to few versions. */
async function ofFew(
  database: Queryable,
  page: PageOf,
  filter: Filter,
  seq: number,
  from: string,
): Promise<readonly FoundModel[] | undefined> {
  const parameters: unknown[] = [seq];
  const candidates = await candidatesOf(database, filter, parameters, 'some');
  if (candidates === undefined) return undefined;
  return select(database, page, parameters, ofCandidates(candidates, filter, parameters, from));
}

async function ofRest(
  database: Queryable,
  page: PageOf,
  filter: Filter,
  seq: number,
  from: string,
): Promise<readonly FoundModel[]> {
  const parameters: unknown[] = [seq];
  const candidates = await candidatesOf(database, filter, parameters, 'many');
  const models =
    candidates === undefined ? ofAll(filter, parameters, from) : ofCandidates(candidates, filter, parameters, from);
  return select(database, page, parameters, models);
}

/** Model by model in order of their names, so that a full page ends it. */
const ofCandidates = (candidates: string, filter: Filter, parameters: unknown[], from: string): string => `(
    select c.model, array_agg(c.version) as versions from (${candidates}) c
    where c.model >= $${parameters.push(from)} group by c.model order by c.model
  ) c
  cross join lateral (
    select from registry.versions v ${registration}
    where v.model = c.model and v.version = any (c.versions) and ${asOf('$1', 'v')} and ${filterSql(filter, parameters)}
    limit 1
  ) hit
  join registry.models m on m.model = c.model
  where true`;

const ofAll = (filter: Filter, parameters: unknown[], from: string): string => `(
    select distinct v.model from registry.versions v ${registration}
    where v.model >= $${parameters.push(from)} and ${asOf('$1', 'v')} and ${filterSql(filter, parameters)}
  ) found
  join registry.models m on m.model = found.model
  where true`;
