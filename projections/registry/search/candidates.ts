/** Whether an index leads to the few versions that a filter can be true of. */
import { filterSql, type Comparison, type Filter, type Operator, type Queryable } from '#libs/projecting/index.js';
import { sources, type Source } from './sources.js';

/** A comparison that an index answers. */
interface Lead {
  readonly comparison: Comparison;
  readonly source: Source;
}

/** Versions that meet any of the leads hold all that a filter is true of. */
type Leads = readonly Lead[];

/** So many rows of an index are looked through at once; where it has more, it is of no use. */
const mostRows = { few: 1_000, some: 5_000, many: 20_000 };
/** So few versions are looked at one by one rather than compared with what other indexes say. */
const fewRows = 500;
/** Most comparisons that are counted. */
const mostLeads = 8;

/**
 * The versions in question as a statement with the columns model and version, or undefined where no index tells of them
 * alone, or not of so few. `parameters` begin with the sequence; more are appended.
 */
export async function candidatesOf(
  database: Queryable,
  filter: Filter,
  parameters: unknown[],
  most: keyof typeof mostRows,
): Promise<string | undefined> {
  const ways = waysOf(filter);
  const leads = [...new Set(ways.flat())].slice(0, mostLeads);
  if (leads.length === 0) return undefined;
  const counts = await count(database, leads, parameters[0] as number, mostRows[most]);
  const sized = ways
    .map((way) => ({ way, size: way.reduce((sum, lead) => sum + (counts.get(lead) ?? Infinity), 0) }))
    .filter(({ size }) => size <= mostRows[most])
    .sort((one, other) => one.size - other.size);
  const [best] = sized;
  if (best === undefined) return undefined;
  return (best.size <= fewRows ? [best] : sized)
    .map(({ way }) => `(${way.map((lead) => rowsSql(lead, parameters)).join(' union ')})`)
    .join(' intersect ');
}

const rowsSql = (lead: Lead, parameters: unknown[]): string =>
  `select distinct x.model, x.version from registry.${lead.source.table} x where ${whereSql(lead, parameters)}`;

/** Each of the ways leads to every version that the filter is true of. */
function waysOf(filter: Filter): Leads[] {
  switch (filter.kind) {
    case 'comparison': {
      const source = leadsBy(filter) ? sourceOf(filter) : undefined;
      return source === undefined ? [] : [[{ comparison: filter, source }]];
    }
    case 'and':
      return filter.operands.flatMap(waysOf);
    case 'or': {
      const first = filter.operands.map((operand) => waysOf(operand)[0]);
      return first.every((way) => way !== undefined) ? [first.flat()] : [];
    }
    case 'not':
      return [];
  }
}

const narrowing: ReadonlySet<Operator> = new Set(['=', 'in', '<', '<=', '>', '>=']);

/** `false` of a flag is said of most versions. An index tells of names that begin alike. */
const leadsBy = ({ operator, values, field }: Comparison): boolean =>
  operator === 'like'
    ? field.name === 'name' && /^[^%_\\]/.test(String(values[0]))
    : narrowing.has(operator) && values[0] !== false;

const sourceOf = ({ field }: Comparison): Source | undefined =>
  Object.hasOwn(sources, field.name) ? (sources as Readonly<Record<string, Source>>)[field.name] : undefined;

/** The comparison as a condition on a row of its source. */
const whereSql = ({ comparison, source }: Lead, parameters: unknown[]): string => {
  const { field } = comparison;
  const definition = { ...field.definition, compare: source.where };
  return `${source.registered ?? 'true'} and ${filterSql({ ...comparison, field: { ...field, definition } }, parameters)}`;
};

/** Rows of the index, of whatever moment; one more than `most` stands for more. */
async function count(database: Queryable, leads: Leads, seq: number, most: number): Promise<Map<Lead, number>> {
  const parameters: unknown[] = [seq];
  const counts = leads.map(
    ({ comparison, source }, index) =>
      `(select count(*)::integer from (
         select from registry.${source.table} x where ${whereSql({ comparison, source }, parameters)} limit ${most + 1}
       ) counted) as lead_${index}`,
  );
  const { rows } = await database.query<Record<string, number>>(
    `select $1::bigint as seq, ${counts.join(', ')}`,
    parameters,
  );
  return new Map(leads.map((lead, index) => [lead, rows[0]![`lead_${index}`]!]));
}
