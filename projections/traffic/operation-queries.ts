import { rejection, type api, type Rejection } from '#libs/contracts/index.js';
import { accept, isoTime, reject, type Clock, type Result } from '#libs/kernel/index.js';
import { groupBy, type Queryable, type ReadAt } from '#libs/projecting/index.js';
import { trafficCut, type TrafficReaders } from './cut.js';
import { LatencyHistogram } from './latency-histogram.js';
import { spans, startOf, type OperationCounts } from './operations.js';
import { cover, widened, windowCount, windowIndex, windowsOf, type Span } from './windows.js';

export interface OperationsAsked {
  readonly deployment?: string | undefined;
  /** Of any model. */
  readonly version?: string | undefined;
  /** Milliseconds since the epoch (left out: an hour before `to`). */
  readonly from?: number | undefined;
  /** Left out: the moment of the read. */
  readonly to?: number | undefined;
  /** Seconds, a multiple of 10. */
  readonly windowS: number;
}

export interface OperationReaders extends TrafficReaders {
  readonly clock: Clock;
}

const defaultSpanMs = 3_600_000;
/** Of one version, and of all versions of one answer. */
const mostWindows = 10_000;
const mostWindowsInAll = 100_000;

/** Where a read stands. */
interface Cut {
  /** The last sequence of TRAFFIC that counts, and the log's time there. */
  readonly seq: number;
  readonly time: number;
  /** What time it is for the answer: nothing after it has passed. */
  readonly moment: number;
}

/** Reads of how versions did. */
export class OperationQueries {
  constructor(private readonly readers: OperationReaders) {}

  /**
   * Rows, rates, latencies and queue of versions with traffic, in all and per window of the log's time. `from` and `to`
   * are widened to whole ten seconds; nothing reaches beyond the moment of the read. Refuses with `invalid_request` a
   * span that is empty or has too many windows, else as `ProjectionReader.read` does.
   */
  async versions(asked: OperationsAsked, at: ReadAt = {}): Promise<Result<api.OperationsAnswer, Rejection>> {
    const { traffic, events } = this.readers;
    return events.read(at, async (_database, eventsSeq) => {
      const seq = await trafficCut(this.readers, at, eventsSeq);
      if (!seq.ok) return seq;
      return traffic.whileAvailable(async (database) => {
        const cut = await this.cutAt(seq.value, at, eventsSeq);
        const span = spanOf(asked, cut.moment);
        if (!span.ok) return span;
        const rows = await this.rowsOf(database, asked, span.value, cut);
        const items = itemsOf(rows, { from: span.value.from, to: Math.min(span.value.to, cut.moment) }, asked.windowS);
        if (!items.ok) return items;
        return accept({
          items: items.value,
          window_s: asked.windowS,
          as_of_seq: eventsSeq,
          as_of_cut: { events: eventsSeq, traffic: seq.value },
        });
      });
    });
  }

  private async cutAt(seq: number, { as_of }: ReadAt, eventsSeq: number): Promise<Cut> {
    const { traffic, events, clock } = this.readers;
    const time = await traffic.logTimeAt(seq);
    if (as_of === undefined) return { seq, time, moment: Math.max(clock.now(), time) };
    return { seq, time, moment: 'at' in as_of ? as_of.at : await events.logTimeAt(eventsSeq) };
  }

  /** Whole spans before the cut's own; of that one its chunks up to the cut. In the order of version and time. */
  private async rowsOf(
    database: Queryable,
    { deployment, version, windowS }: OperationsAsked,
    { from, to }: Span,
    cut: Cut,
  ): Promise<readonly OperationRow[]> {
    const values: unknown[] = [];
    const value = (each: unknown): string => `$${values.push(each)}`;
    const ofDeployment = deployment === undefined ? '' : `and deployment = ${value(deployment)}`;
    const ofVersion = version === undefined ? '' : `and version = ${value(version)}`;
    const cutSpan = startOf(cut.time, spans[0]);
    const parts = cover({ from, to: Math.min(to, cutSpan) }, windowS).map(
      (range) =>
        `select deployment, model, version, at, chunks, served, failed, refused,
                latency, latency_sum_us, latency_max_us, queued_sum, queued_max
         from traffic.operations
         where span_s = ${value(range.spanS)} and at >= ${value(range.from)} and at < ${value(range.to)}
           ${ofDeployment} ${ofVersion}`,
    );
    const firstSeq = from <= cutSpan && cutSpan < to ? await this.firstSeqFrom(cutSpan) : undefined;
    if (firstSeq !== undefined)
      parts.push(
        `select deployment, a.model, a.version, ${value(cutSpan)}::bigint as at, 1 as chunks, a.served, a.failed, a.refused,
                a.latency, a.latency_sum_us, a.latency_max_us, queued as queued_sum, queued as queued_max
         from traffic.chunks cross join lateral
              jsonb_to_recordset(arms) as a (model text, version text, served bigint, failed bigint, refused bigint,
                                             latency jsonb, latency_sum_us bigint, latency_max_us bigint)
         where traffic_seq between ${value(firstSeq)} and ${value(cut.seq)} ${ofDeployment} ${ofVersion}`,
      );
    if (parts.length === 0) return [];
    const { rows } = await database.query<OperationRow>(
      `select * from (${parts.join(' union all ')}) as parts
       order by deployment collate "C", model collate "C", version collate "C", at`,
      values,
    );
    return rows;
  }

  private firstSeqFrom(time: number): Promise<number | undefined> {
    return this.readers.traffic.firstSeqAfter(time - 1);
  }
}

interface OperationRow extends OperationCounts {
  readonly deployment: string;
  readonly model: string;
  readonly version: string;
  readonly at: number;
}

/** Of whole ten seconds, up to those of the moment. */
function spanOf(asked: OperationsAsked, moment: number): Result<Span, Rejection> {
  const to = asked.to ?? moment;
  const from = asked.from ?? to - defaultSpanMs;
  if (from >= to)
    return refuse('from', `from is ${isoTime(from)}, to is ${isoTime(to)}`, 'expected an instant before to');
  const span = widened({ from, to: Math.min(to, moment) });
  const windows = windowCount(span, asked.windowS);
  if (windows > mostWindows)
    return refuse('window_s', `${windows} windows of ${asked.windowS} s`, `expected at most ${mostWindows} windows`);
  return accept(span);
}

const refuse = (path: string, detail: string, message: string): Result<never, Rejection> =>
  reject(rejection('invalid_request', `${detail}: ${message}`, [{ path: `query.${path}`, message }]));

type Item = api.OperationsAnswer['items'][number];

/** @param rows in the order of version and time */
function itemsOf(rows: readonly OperationRow[], span: Span, windowS: number): Result<Item[], Rejection> {
  const windows = [...windowsOf(span, windowS)];
  const items: Item[] = [];
  for (const ofVersion of groupBy(
    rows,
    ({ deployment, model, version }) => `${deployment}\0${model}\0${version}`,
  ).values()) {
    if ((items.length + 1) * windows.length > mostWindowsInAll)
      return refuse(
        'window_s',
        `the versions have more than ${mostWindowsInAll} windows of ${windowS} s in all`,
        'expected longer windows, a shorter span or one deployment',
      );
    const { deployment, model, version } = ofVersion[0]!;
    const [total, window] = [new Tally(), new Tally()];
    let next = 0;
    const told = windows.map((each, index) => {
      window.clear();
      for (; next < ofVersion.length && windowIndex(ofVersion[next]!.at, span.from, windowS) === index; next++) {
        window.add(ofVersion[next]!);
        total.add(ofVersion[next]!);
      }
      return window.over(each);
    });
    items.push({ deployment, model, version, total: total.over(span), windows: told });
  }
  return accept(items);
}

/** Sums of rows, and what they say of a span. */
class Tally {
  readonly #latency = new LatencyHistogram();
  #counts = noCounts;

  clear(): void {
    this.#latency.clear();
    this.#counts = noCounts;
  }

  add(row: OperationCounts): void {
    const sum = this.#counts;
    this.#latency.addAll(row.latency);
    this.#counts = {
      chunks: sum.chunks + row.chunks,
      served: sum.served + row.served,
      failed: sum.failed + row.failed,
      refused: sum.refused + row.refused,
      latencyUs: sum.latencyUs + row.latency_sum_us,
      longestUs: Math.max(sum.longestUs, row.latency_max_us ?? 0),
      queued: sum.queued + row.queued_sum,
      mostQueued: Math.max(sum.mostQueued, row.queued_max),
    };
  }

  over({ from, to }: Span): api.Operations {
    const { chunks, served, failed, refused, queued, mostQueued } = this.#counts;
    const rows = served + failed + refused;
    const reached = served + failed;
    return {
      from: isoTime(from),
      to: isoTime(to),
      ...{ rows, served, failed, refused },
      throughput: rows / ((to - from) / 1000),
      error_rate: reached === 0 ? null : failed / reached,
      latency_ms: reached === 0 ? null : this.#latencyMs(reached),
      queued_rows: chunks === 0 ? null : { mean: queued / chunks, max: mostQueued },
    };
  }

  #latencyMs(reached: number): NonNullable<api.Operations['latency_ms']> {
    const { latencyUs, longestUs } = this.#counts;
    const quantile = (share: number): number => Math.min(this.#latency.quantile(share), longestUs) / 1000;
    return {
      p50: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
      mean: latencyUs / reached / 1000,
      max: longestUs / 1000,
    };
  }
}

const noCounts = { chunks: 0, served: 0, failed: 0, refused: 0, latencyUs: 0, longestUs: 0, queued: 0, mostQueued: 0 };
