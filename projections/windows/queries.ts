import { rejection, type api, type Rejection } from '#libs/contracts/index.js';
import { accept, isoTime, reject, type Result } from '#libs/kernel/index.js';
import {
  cursorOf,
  readCursor,
  streamCut,
  type ProjectionReader,
  type Queryable,
  type ReadAt,
} from '#libs/projecting/index.js';
import { detectorStates, driftWindows, qualityWindows } from './read/history.js';
import { performanceOf, type PerformanceOf, type VersionPerformance } from './read/performance.js';
import type { WindowsCut, WindowsOf } from './read/windows-sql.js';

export interface WindowReaders {
  /** Of the windows projection. */
  readonly windows: ProjectionReader;
  /** Of the traffic projection: an answer names how far it is. */
  readonly traffic: ProjectionReader;
  /** Of any projection of EVENTS: positions are given in EVENTS and cut the others by the log's time. */
  readonly events: ProjectionReader;
}

/** As `api.windowsQuery` gives it, with instants in milliseconds since the epoch. */
export interface WindowsAt extends WindowsOf, ReadAt {
  readonly cursor?: string | undefined;
}

/** Reads of monitoring windows. Every method may also refuse as `ProjectionReader.read` does. */
export class WindowQueries {
  constructor(private readonly readers: WindowReaders) {}

  /** Drift per window, and how the detectors stand. Refuses with `invalid_request` an empty span, `invalid_cursor`. */
  drift(asked: WindowsAt): Promise<Result<api.DriftAnswer, Rejection>> {
    return this.#page('drift', asked, async (database, at) => {
      const found = await driftWindows(database, asked, at);
      return { found, more: { detectors: await detectorStates(database, asked, at.cut) } };
    });
  }

  /** Data quality per window. Refuses as `drift` does. */
  quality(asked: WindowsAt): Promise<Result<api.QualityAnswer, Rejection>> {
    return this.#page('quality', asked, async (database, at) => ({
      found: await qualityWindows(database, asked, at),
      more: {},
    }));
  }

  /** Measured and estimated metrics of versions, in their order. @param eventsSeq the moment, as EVENTS has it */
  async performance(
    of: PerformanceOf,
    at: ReadAt,
    eventsSeq: number,
  ): Promise<Result<{ readonly versions: readonly VersionPerformance[]; readonly cut: number }, Rejection>> {
    const { windows, events } = this.readers;
    return windows.whileAvailable(async (database) => {
      const cut = await streamCut(windows, events, at, eventsSeq);
      if (!cut.ok) return cut;
      return accept({ versions: await performanceOf(database, of, cut.value), cut: cut.value });
    });
  }

  async #page<Item extends { readonly seq: number }, More extends object>(
    name: string,
    asked: WindowsAt,
    query: (database: Queryable, at: WindowsCut) => Promise<{ readonly found: readonly Item[]; readonly more: More }>,
  ): Promise<Result<More & Page<Item>, Rejection>> {
    const fault = spanFault(asked);
    if (fault !== undefined) return reject(fault);
    const list = listOf(name, asked);
    const from = asked.cursor === undefined ? undefined : walkOf(list, asked.cursor);
    if (from?.ok === false) return from;
    return this.readers.windows.whileAvailable(async (database) => {
      const walk = from === undefined ? await this.#begin(asked) : await this.#goOn(from.value);
      if (!walk.ok) return walk;
      const { cut, before } = walk.value;
      const { found, more } = await query(database, { cut: cut.windows, before });
      const items = found.slice(0, asked.limit);
      const last = items.at(-1);
      const next_cursor =
        found.length > asked.limit && last !== undefined ? cursorTo(list, { cut, before: last.seq }) : null;
      return accept({ ...more, items, next_cursor, as_of_seq: cut.events, as_of_cut: cut });
    });
  }

  /** The moment of the first page: each stream as far as it belongs to it. */
  #begin(at: ReadAt): Promise<Result<Walk, Rejection>> {
    const { windows, traffic, events } = this.readers;
    return events.read(at, async (_database, eventsSeq) => {
      const ofWindows = await streamCut(windows, events, at, eventsSeq);
      if (!ofWindows.ok) return ofWindows;
      const ofTraffic = await streamCut(traffic, events, at, eventsSeq);
      if (!ofTraffic.ok) return ofTraffic;
      const cut = { events: eventsSeq, traffic: ofTraffic.value, windows: ofWindows.value };
      return accept({ cut, before: cut.windows + 1 });
    });
  }

  /** A read model that is built anew may be behind the first page: it is waited for. */
  async #goOn(walk: Walk): Promise<Result<Walk, Rejection>> {
    const reached = await this.readers.windows.resolveAsOf({ seq: walk.cut.windows });
    if (reached.ok) return accept(walk);
    return reached.rejection.code === 'invalid_position' ? invalidCursor : reached;
  }
}

interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
  as_of_seq: number;
  as_of_cut: api.MonitoringCut;
}

interface Walk {
  readonly cut: api.MonitoringCut;
  /** The page holds windows that closed before this sequence of WINDOWS. */
  readonly before: number;
}

function spanFault({ from, to }: WindowsAt): Rejection | undefined {
  if (from === undefined || to === undefined || from < to) return undefined;
  const message = 'expected an instant before to';
  return rejection('invalid_request', `from is ${isoTime(from)}, to is ${isoTime(to)}: ${message}`, [
    { path: 'query.from', message },
  ]);
}

/** A cursor of another deployment, version or span is none of this list. */
const listOf = (name: string, { deployment, version, from, to }: WindowsAt): string =>
  `${name} ${JSON.stringify([deployment, version ?? null, from ?? null, to ?? null])}`;

/** WINDOWS goes on while EVENTS stands still: where each stream was cut is part of the cursor. */
const cursorTo = (list: string, { cut, before }: Walk): string =>
  cursorOf({ list, seq: cut.events, after: `${cut.traffic} ${cut.windows} ${before}` });

function walkOf(list: string, text: string): Result<Walk, Rejection> {
  const cursor = readCursor(list, text);
  if (!cursor.ok) return cursor;
  const [, traffic, windows, before] = /^(\d{1,15}) (\d{1,15}) (\d{1,15})$/.exec(cursor.value.after) ?? [];
  if (traffic === undefined || windows === undefined || before === undefined) return invalidCursor;
  const cut = { events: cursor.value.seq, traffic: Number(traffic), windows: Number(windows) };
  return accept({ cut, before: Number(before) });
}

const invalidCursor = reject(
  rejection('invalid_cursor', 'the cursor was not made by this list', [
    { path: 'cursor', message: "expected a page's next_cursor, unchanged" },
  ]),
);
