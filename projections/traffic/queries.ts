import type { Rejection } from '#libs/contracts/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import type { AsOfCut, Queryable, ReadAt } from '#libs/projecting/index.js';
import { minuteOf } from './apply.js';
import { add, type TrafficCounts } from './counts.js';
import { trafficCut, type TrafficReaders } from './cut.js';

/** Where the chunk with an identity is stored, and what it holds. */
export interface ChunkLocation {
  readonly epoch: string;
  readonly counter: number;
  readonly traffic_seq: number;
  readonly deployment: string;
  readonly instance: string;
  readonly routing_seq: number;
  readonly began_at: number;
  readonly stored_at: number;
  readonly served: number;
  readonly failed: number;
  readonly refused: number;
}

export interface VersionTraffic extends TrafficCounts {
  /** Chunks in which the version took part. */
  readonly chunks: number;
  readonly model: string;
  readonly version: string;
}

/** A minute of the log's time. */
export interface MinuteTraffic extends VersionTraffic {
  /** Its beginning, milliseconds since the epoch. */
  readonly at: number;
}

export interface TrafficSummary {
  readonly deployment: string;
  readonly versions: readonly VersionTraffic[];
  /** The newest minutes with traffic, oldest first. */
  readonly minutes: readonly MinuteTraffic[];
  readonly as_of_seq: number;
  readonly as_of_cut: AsOfCut;
}

export interface NamedVersion {
  readonly model: string;
  readonly version: string;
}

export interface TrafficOfVersions {
  /** Those that had traffic, in the order of model and version. */
  readonly versions: readonly VersionTraffic[];
  readonly as_of_seq: number;
  readonly as_of_cut: AsOfCut;
}

/** What an answer is summed from: whole minutes before the cut's own, and the chunks of that one up to the cut. */
interface Span {
  /** The cut's own minute, milliseconds since the epoch. */
  readonly lastMinute: number;
  /** The first sequence of that minute. */
  readonly firstSeq: number;
  readonly cut: number;
}

/** Joined to `traffic.chunks c`: a row `a` for each version that took part. */
const armsOfChunk = `cross join lateral jsonb_to_recordset(c.arms) as a (model text, version text, served bigint,
         failed bigint, refused bigint, latency_min_us bigint, latency_max_us bigint, latency_sum_us bigint)`;

/** Reads of recorded traffic. Every method may also refuse as `ProjectionReader.read` does. */
export class TrafficQueries {
  constructor(private readonly readers: TrafficReaders) {}

  /** The chunk of a writer's life with this counter; undefined until the projection has folded it. */
  chunkOf(epoch: string, counter: number): Promise<Result<ChunkLocation | undefined, Rejection>> {
    return this.readers.traffic.read({}, async (database) => {
      const { rows } = await database.query<ChunkLocation>(
        `select epoch, counter, traffic_seq, deployment, instance, routing_seq, began_at, stored_at,
                served, failed, refused
         from traffic.chunks where epoch = $1 and counter = $2`,
        [epoch, counter],
      );
      return accept(rows[0]);
    });
  }

  /**
   * Counts and latencies of a deployment's traffic per version, in all and per minute. An unknown deployment has none.
   * @param minutes how many of the newest minutes with traffic to tell (default 60).
   */
  summary(deployment: string, at: ReadAt = {}, minutes = 60): Promise<Result<TrafficSummary, Rejection>> {
    return this.upTo(at, async (database, span) => {
      const perMinute = await this.minutesUpTo(database, deployment, span);
      return { deployment, versions: perVersion(perMinute), minutes: newest(perMinute, minutes) };
    });
  }

  /** Counts and latencies of versions over all deployments. A version that is unknown, or had no traffic, is left out. */
  versionTraffic(versions: readonly NamedVersion[], at: ReadAt = {}): Promise<Result<TrafficOfVersions, Rejection>> {
    return this.upTo(at, async (database, { lastMinute, firstSeq, cut }) => {
      const { rows } = await database.query<VersionTraffic>(
        `with asked as (
           select distinct model, version
           from unnest($1::text[], $2::text[]) as a (model, version)
         ), parts as (
           select model, version, chunks, served, failed, refused, latency_min_us, latency_max_us, latency_sum_us
           from asked join traffic.minutes m using (model, version) where m.minute < $3
           union all
           select model, version, 1, a.served, a.failed, a.refused,
                  a.latency_min_us, a.latency_max_us, a.latency_sum_us
           from traffic.chunks c ${armsOfChunk} join asked using (model, version)
           where c.traffic_seq between $4 and $5
         )
         select model, version, sum(chunks)::bigint as chunks, sum(served)::bigint as served,
                sum(failed)::bigint as failed, sum(refused)::bigint as refused, min(latency_min_us) as latency_min_us,
                max(latency_max_us) as latency_max_us, sum(latency_sum_us)::bigint as latency_sum_us
         from parts group by model, version order by model collate "C", version collate "C"`,
        [versions.map(({ model }) => model), versions.map(({ version }) => version), lastMinute, firstSeq, cut],
      );
      return { versions: rows };
    });
  }

  /** Resolves the moment, asks `query` for the traffic up to it, and adds where that is to the answer. */
  private upTo<T extends object>(
    at: ReadAt,
    query: (database: Queryable, span: Span) => Promise<T>,
  ): Promise<Result<T & { as_of_seq: number; as_of_cut: AsOfCut }, Rejection>> {
    return this.readers.events.read(at, async (_database, eventsSeq) => {
      const cut = await trafficCut(this.readers, at, eventsSeq);
      if (!cut.ok) return cut;
      return this.readers.traffic.whileAvailable(async (database) => {
        const found = await query(database, await this.spanUpTo(cut.value));
        return accept({ ...found, as_of_seq: eventsSeq, as_of_cut: { events: eventsSeq, traffic: cut.value } });
      });
    });
  }

  private async spanUpTo(cut: number): Promise<Span> {
    const { traffic } = this.readers;
    const lastMinute = minuteOf(await traffic.logTimeAt(cut));
    return { lastMinute, firstSeq: (await traffic.firstSeqAfter(lastMinute - 1)) ?? cut + 1, cut };
  }

  /** Whole minutes from their sums; the cut's own minute from its chunks up to the cut. In order of time. */
  private async minutesUpTo(database: Queryable, deployment: string, span: Span): Promise<MinuteTraffic[]> {
    const { rows } = await database.query<MinuteTraffic>(
      `select minute as at, model, version, chunks, served, failed, refused,
              latency_min_us, latency_max_us, latency_sum_us
       from traffic.minutes where deployment = $1 and minute < $2
       union all
       select $2::bigint, a.model, a.version, count(*), sum(a.served)::bigint, sum(a.failed)::bigint,
              sum(a.refused)::bigint, min(a.latency_min_us), max(a.latency_max_us), sum(a.latency_sum_us)::bigint
       from traffic.chunks c ${armsOfChunk}
       where c.deployment = $1 and c.traffic_seq between $3 and $4
       group by a.model, a.version
       order by at, model, version`,
      [deployment, span.lastMinute, span.firstSeq, span.cut],
    );
    return rows;
  }
}

function perVersion(minutes: readonly MinuteTraffic[]): VersionTraffic[] {
  const totals = new Map<string, VersionTraffic>();
  for (const { at: _at, ...minute } of minutes) {
    const key = JSON.stringify([minute.model, minute.version]);
    const known = totals.get(key);
    totals.set(key, known ? { ...known, ...add(known, minute), chunks: known.chunks + minute.chunks } : minute);
  }
  return [...totals.values()];
}

function newest(minutes: readonly MinuteTraffic[], most: number): MinuteTraffic[] {
  const instants = [...new Set(minutes.map(({ at }) => at))].slice(-most);
  return minutes.filter(({ at }) => instants.includes(at));
}
