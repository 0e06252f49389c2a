import { rejection, type api, type Rejection, type TrafficPosition } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { cursorOf, readCursor, type ProjectionReader, type Queryable, type ReadAt } from '#libs/projecting/index.js';
import { findingTable, type FindingRow } from './table.js';

/** As `api.findingsQuery` gives it. */
export interface FindingsAt extends ReadAt {
  readonly deployment?: string | undefined;
  /** Of any model. */
  readonly version?: string | undefined;
  readonly state?: api.Finding['state'] | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A prediction: who made it, where it stands in TRAFFIC, and the log's time there, milliseconds since the epoch. */
export interface PredictionMoment {
  readonly deployment: string;
  readonly model: string;
  readonly version: string;
  readonly position: TrafficPosition;
  readonly time: number;
}

/** Reads of findings, each at any past moment. Every method may also refuse as `ProjectionReader.read` does. */
export class FindingQueries {
  constructor(private readonly reader: ProjectionReader) {}

  /** The newest first; or `invalid_cursor`. All pages of a walk are of the moment of the first. */
  async list({ limit, cursor, ...asked }: FindingsAt): Promise<Result<api.FindingList, Rejection>> {
    const list = listOf(asked);
    const from = cursor === undefined ? undefined : readCursor(list, cursor);
    if (from !== undefined && !from.ok) return from;
    const after = from === undefined ? undefined : placeOf(from.value.after);
    if (from !== undefined && after === undefined) return invalidCursor;
    const moment: ReadAt = from === undefined ? asked : { as_of: { seq: from.value.seq } };
    return this.reader.read(moment, async (database, seq) => {
      const values: unknown[] = [seq];
      const value = (each: unknown): string => `$${values.push(each)}`;
      const asWanted = [
        'raised_seq <= $1',
        ...(asked.deployment === undefined ? [] : [`deployment = ${value(asked.deployment)}`]),
        ...(asked.version === undefined ? [] : [`version = ${value(asked.version)}`]),
      ].join(' and ');
      const open = await this.#count(database, `${asWanted} and ${openAt}`, [...values]);
      const behind =
        after === undefined
          ? ''
          : `and (raised_seq, finding_id) < (${value(after[0])}, ${value(after[1])} collate "C")`;
      const { rows } = await database.query<FindingRow>(
        `select ${columns} from findings.findings where ${asWanted} ${ofState(asked.state)} ${behind}
         order by raised_seq desc, finding_id desc limit ${value(limit + 1)}`,
        values,
      );
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const next_cursor =
        rows.length > limit && last !== undefined
          ? cursorOf({ list, seq, after: `${last.raised_seq} ${last.finding_id}` })
          : null;
      return accept({ items: items.map((row) => viewAt(row, seq)), next_cursor, open, as_of_seq: seq });
    });
  }

  /**
   * What was wrong with a version when it made a prediction, as it is known at a moment: raised by traffic not after the
   * prediction and resting on none that is, and not cleared by then. At most `limit`, the newest first.
   */
  openWhen(
    { deployment, model, version, position, time }: PredictionMoment,
    at: ReadAt = {},
    limit = 100,
  ): Promise<Result<readonly api.Finding[], Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const { rows } = await database.query<FindingRow>(
        `select ${columns} from findings.findings
         where deployment = $2 and model = $3 and version = $4 and raised_seq <= $1
           and raised_at <= $5 and ${lastOf('raised')} < ($6, $7)
           and (${standing} @> $5::bigint
             and (cleared_at is null or cleared_at > $5 or ${lastOf('cleared')} >= ($6, $7)) or cleared_seq > $1)
         order by raised_seq desc, finding_id desc limit $8`,
        [seq, deployment, model, version, time, position.seq, position.row, limit],
      );
      return accept(rows.map((row) => viewAt(row, seq)));
    });
  }

  async #count(database: Queryable, where: string, values: readonly unknown[]): Promise<number> {
    const { rows } = await database.query<{ count: number }>(
      `select count(*) as count from findings.findings where ${where}`,
      values,
    );
    return rows[0]!.count;
  }
}

const columns = Object.keys(findingTable.columns).join(', ');

/** Of a finding that was raised by $1. */
const openAt = '(cleared_seq is null or cleared_seq > $1)';

const ofState = (state: FindingsAt['state']): string =>
  state === undefined ? '' : state === 'open' ? `and ${openAt}` : 'and cleared_seq <= $1';

/** A cursor of another deployment, version or state is none of this list. */
const listOf = ({ deployment, version, state }: Pick<FindingsAt, 'deployment' | 'version' | 'state'>): string =>
  `findings ${JSON.stringify([deployment ?? null, version ?? null, state ?? null])}`;

function placeOf(after: string): readonly [seq: number, id: string] | undefined {
  const [, seq, id] = /^(\d{1,15}) ([0-9a-f-]{36})$/.exec(after) ?? [];
  return seq === undefined || id === undefined ? undefined : [Number(seq), id];
}

const invalidCursor = reject(
  rejection('invalid_cursor', 'the cursor was not made by the list of findings', [
    { path: 'cursor', message: "expected a page's next_cursor, unchanged" },
  ]),
);

/** When a finding was open, as schema.sql has it in its index. */
const standing = `int8range(raised_at, case when cleared_at is null then null else greatest(raised_at, cleared_at) end, '[]')`;

/** The last row of traffic that an event rests on. */
const lastOf = (event: 'raised' | 'cleared'): string =>
  `((${event} -> 'last' -> 'seq')::bigint, (${event} -> 'last' -> 'row')::integer)`;

/** What is said of a row at a sequence: a clearing that came later is not known. */
function viewAt(row: FindingRow, seq: number): api.Finding {
  const { finding_id, deployment, model, version, condition, raised, basis, details } = row;
  const cleared = row.cleared_seq !== null && row.cleared_seq <= seq ? row.cleared : null;
  const state = cleared === null ? 'open' : 'cleared';
  return { finding_id, deployment, model, version, condition, state, raised, cleared, ...basis, details };
}
