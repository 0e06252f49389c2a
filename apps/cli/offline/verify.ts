import { eventCatalogue } from '#libs/contracts/index.js';
import { verifyEvents, type LogProblem, type VerifySummary } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { SchemaMismatch, StreamTruncated, type RebuildReport } from '#libs/projecting/index.js';
import type { Io } from '../io.js';
import { readModels, type ReadModel } from './read-models.js';
import { RouteHistory } from './routes.js';
import type { Servers } from './servers.js';
import { verifyTraffic, type TrafficProblem, type TrafficSummary } from './verify-traffic.js';
import { verifyWindows, type WindowsProblem, type WindowsSummary } from './verify-windows.js';

/** Everything that is wrong, and how much was looked at. */
export interface Verification {
  readonly events: Omit<VerifySummary, 'heads'>;
  readonly traffic: TrafficSummary;
  readonly windows: WindowsSummary;
  readonly read_models: readonly ReadModelSummary[];
  readonly problems: readonly Problem[];
}

export interface ReadModelSummary {
  readonly read_model: string;
  readonly position: number;
  readonly digest: string;
  readonly identical: boolean;
}

export interface Problem {
  readonly where: 'EVENTS' | 'TRAFFIC' | 'WINDOWS' | 'read model';
  readonly code: string;
  /** Sequence in the stream; name of the read model. */
  readonly at: number | string;
  readonly detail: string;
}

/** Reads the whole log and folds every read model anew beside the live one. Nothing is changed. */
export async function verifyAll(servers: Servers, io: Pick<Io, 'signal' | 'progress'>): Promise<Verification> {
  const problems: Problem[] = [];
  // What a stream rests on is read to an end that is taken later: WINDOWS rests on TRAFFIC, TRAFFIC on EVENTS.
  const { lastSeq: windowsEnd } = await servers.windows.head();
  const { lastSeq: trafficEnd } = await servers.traffic.head();
  const events = await collect(verifyEvents(servers.events, eventCatalogue, { signal: io.signal }), (problem) => {
    problems.push(ofEvents(problem));
  });
  io.progress(`EVENTS ${events.lastSeq} verified`);
  const routes = await readRoutes(servers);
  const onProgress = (seq: number, lastSeq: number): void => {
    io.progress(`TRAFFIC ${seq} of ${lastSeq}`);
  };
  const options = { signal: io.signal, onProgress };
  const traffic = await collect(verifyTraffic(servers.traffic, trafficEnd, routes, options), (problem) => {
    problems.push(ofTraffic(problem));
  });
  const windows = await collect(
    verifyWindows(servers.windows, windowsEnd, {
      ...{ trafficEnd, eventsEnd: events.lastSeq, signal: io.signal },
      onProgress: (seq, lastSeq) => {
        io.progress(`WINDOWS ${seq} of ${lastSeq}`);
      },
    }),
    (problem) => {
      problems.push(ofWindows(problem));
    },
  );
  const summaries: ReadModelSummary[] = [];
  for (const model of readModels(servers)) {
    const outcome = await compare(model, io);
    if ('code' in outcome) problems.push(outcome);
    else summaries.push(outcome);
  }
  io.progress('');
  const { heads: _heads, ...counted } = events;
  return { events: counted, traffic, windows, read_models: summaries, problems };
}

async function collect<Found, Summary>(
  generator: AsyncGenerator<Found, Summary>,
  found: (each: Found) => void,
): Promise<Summary> {
  for (;;) {
    const { value, done } = await generator.next();
    if (done === true) return value;
    found(value);
  }
}

const pageSize = 500;

async function readRoutes({ reader }: Servers): Promise<RouteHistory> {
  const routes = new RouteHistory();
  for (let next: number | undefined = 1; next !== undefined;) {
    const page: Awaited<ReturnType<typeof reader.page>> = await reader.page(next, pageSize);
    for (const record of page.records) routes.add(record);
    next = page.nextSeq;
  }
  return routes;
}

async function compare(
  model: ReadModel,
  { signal, progress }: Pick<Io, 'signal' | 'progress'>,
): Promise<ReadModelSummary | Problem> {
  const about = (code: string, detail: string): Problem => ({ where: 'read model', code, at: model.name, detail });
  try {
    const report = await model.rebuild({
      ...{ swap: 'never', signal },
      onProgress: ({ position, target }) => {
        progress(`read model ${model.name}: ${position} of ${target}`);
      },
    });
    if (report.identical === true) return summaryOf(report, true);
    return report.live === undefined
      ? about('not_built', report.liveVersion === undefined ? 'it has no tables' : 'another version made its tables')
      : about('differs', differenceOf(report));
  } catch (error) {
    // A stream that has lost its beginning, or tables that are not the declared ones, are findings, no accidents.
    if (error instanceof StreamTruncated || error instanceof SchemaMismatch) return about(error.code, messageOf(error));
    if (isUndefinedInDatabase(error)) return about('not_as_declared', messageOf(error));
    throw error;
  }
}

/** PostgreSQL knows no such schema, table or column. */
const isUndefinedInDatabase = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['3F000', '42P01', '42703'].includes(String(error.code));

const summaryOf = ({ projection, rebuilt }: RebuildReport, identical: boolean): ReadModelSummary => ({
  ...{ read_model: projection, position: rebuilt.position, digest: rebuilt.digest, identical },
});

function differenceOf({ live, rebuilt }: RebuildReport): string {
  const tables = rebuilt.tables
    .filter(({ table, digest }) => live?.tables.find((each) => each.table === table)?.digest !== digest)
    .map(({ table, rows }) => {
      const before = live?.tables.find((each) => each.table === table)?.rows ?? 0;
      return `${table} (${before} rows, from the log ${rows})`;
    });
  return `at ${rebuilt.position}: ${tables.length === 0 ? 'counts of skipped messages' : tables.join(', ')}`;
}

const ofEvents = ({ code, seq, subject, detail }: LogProblem): Problem => ({
  ...{ where: 'EVENTS', code, at: seq },
  detail: subject === undefined ? detail : `${subject}: ${detail}`,
});

const ofTraffic = ({ code, seq, detail }: TrafficProblem): Problem => ({ where: 'TRAFFIC', code, at: seq, detail });

const ofWindows = ({ code, seq, detail }: WindowsProblem): Problem => ({ where: 'WINDOWS', code, at: seq, detail });
