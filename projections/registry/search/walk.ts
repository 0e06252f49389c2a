/** Versions in order of a list, along an index: as far as a page needs, whatever the filter. */
import {
  asOf,
  filterSql,
  pageSql,
  type Asked,
  type FieldDefinition,
  type Filter,
  type Queryable,
  type Sort,
} from '#libs/projecting/index.js';
import type { FoundVersion } from './find-versions.js';

/** An index that has versions in the order asked for. */
interface Track {
  readonly table: string;
  /** Condition on its row `o`. */
  readonly where: (parameters: unknown[]) => string;
  /** The same order, said of `o`. */
  readonly sort: Sort;
}

/** So many versions are walked through at once, one step after the other. */
const steps = [500, 4_500];

/**
 * The versions of a page, and one more. Undefined where no index has the order, or where the steps did not fill the page:
 * too few match, or the rest has no such metric.
 */
export async function alongIndex(
  database: Queryable,
  { sort, filter, limit, after }: Asked,
  seq: number,
): Promise<readonly FoundVersion[] | undefined> {
  const track = trackOf(sort);
  // Past the last version that has the metric, all others follow in no order of its index.
  if (track === undefined || (sort.order.length > 0 && after?.[0] === null)) return undefined;
  const found: FoundVersion[] = [];
  let walked = 0;
  for (const step of steps) {
    // As many as matched so far would not fill the page.
    if (walked > 0 && found.length * (step / walked) < limit + 1 - found.length) return undefined;
    const parameters: unknown[] = [seq];
    const page = pageSql(track.sort, after, parameters);
    const { rows } = await database.query<FoundVersion>(
      `select o.model, o.version, ${page.columns} from (
         select o.* from registry.${track.table} o
         where ${track.where(parameters)} and o.registered_seq <= $1 and ${page.after}
         order by ${page.orderBy} offset ${walked} limit ${step}
       ) o
       ${filter === undefined ? '' : `cross join lateral (${standing(filter, parameters)}) v`}
       order by ${page.orderBy} limit ${limit + 1 - found.length}`,
      parameters,
    );
    found.push(...rows);
    if (found.length > limit) return found;
    walked += step;
  }
  return undefined;
}

/** The registration is read where the filter speaks of it. `limit 1` keeps PostgreSQL to the primary keys. */
const standing = (filter: Filter, parameters: unknown[]): string =>
  `select from registry.versions v
   left join registry.registrations r on r.model = v.model and r.version = v.version
   where v.model = o.model and v.version = o.version and ${asOf('$1', 'v')} and ${filterSql(filter, parameters)}
   limit 1`;

function trackOf({ order, keys }: Sort): Track | undefined {
  const [term, second] = order;
  if (second !== undefined) return undefined;
  const ofRow = keys.map((key) => ({ ...key, sql: key.sql.replace('r.', 'o.') }));
  const by = (sql: string, type: FieldDefinition['type']): Sort =>
    term === undefined
      ? { order, keys: ofRow }
      : { order: [{ ...term, field: { ...term.field, definition: { type, sql, indexed: true } } }], keys: ofRow };
  if (term === undefined || term.field.name === 'name')
    return { table: 'registrations', where: () => 'true', sort: by('o.model', 'text') };
  if (term.field.name !== 'metrics') return undefined;
  const { key } = term.field;
  return {
    table: 'metrics',
    where: (parameters) => `o.metric = $${parameters.push(key)}::text`,
    sort: by('o.value', 'number'),
  };
}
