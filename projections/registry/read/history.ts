/** A model's events, told for people. Rows are only ever added: the past is what has a smaller sequence. */
import type { api } from '#libs/contracts/index.js';
import type { Queryable } from '#libs/projecting/index.js';

/** Which of a model's events are asked for. */
export interface HistoryOf {
  readonly model: string;
  /** Events that concern the version, also as the champion before or as the one an alias leaves. */
  readonly version?: string | undefined;
  /** Events that moved the alias, promotions and rollbacks for `champion`. */
  readonly alias?: string | undefined;
  /** Types of the events, `VersionPromoted`; left out: all. */
  readonly types?: readonly string[] | undefined;
}

export interface Span {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
  readonly newest?: boolean;
}

/** At most `limit` events after one sequence and up to another: the oldest of them, or the newest; oldest first. */
export async function decisionsBetween(
  database: Queryable,
  { model, version, alias, types }: HistoryOf,
  { after, upTo, limit, newest = false }: Span,
): Promise<api.DecisionView[]> {
  const { rows } = await database.query<api.DecisionView>(
    `select d.seq, d.event_id, d.type, d.at, d.actor, d.version, d.alias, d.reason, d.config_seq, d.evidence, d.details
     from registry.decisions d
     where d.model = $1 and d.seq > $2 and d.seq <= $3
       and ($4::text is null or exists (
         select from registry.version_events e where e.model = d.model and e.version = $4 and e.seq = d.seq))
       and ($5::text is null or exists (
         select from registry.aliases x
         where x.model = d.model and x.alias = $5 and d.seq in (x.valid_from_seq, x.valid_to_seq)))
       and ($6::text[] is null or d.type = any ($6))
     order by d.seq ${newest ? 'desc' : ''} limit $7`,
    [model, after, upTo, version ?? null, alias ?? null, types ?? null, limit],
  );
  return newest ? rows.reverse() : rows;
}
