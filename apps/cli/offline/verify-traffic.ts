import {
  decodeChunk,
  decodeLabels,
  decodeTick,
  header,
  labelsRecorded,
  predictionsRecorded,
  subjects,
  ticked,
  type Chunk,
  type LabelsRecorded,
  type Ticked,
} from '#libs/contracts/index.js';
import type { StreamMessage, StreamStore } from '#libs/event-log/index.js';
import { messageOf, sha256Hex } from '#libs/kernel/index.js';
import type { RouteHistory } from './routes.js';
import { verifyStream, type ReadingOptions } from './verify-stream.js';

/** A promise of TRAFFIC that is broken. */
export interface TrafficProblem {
  readonly code:
    | 'sequence_gap'
    | 'unknown_message'
    | 'undecodable_chunk'
    | 'undecodable_labels'
    | 'undecodable_tick'
    /** A label of a row that no chunk before it has answered. */
    | 'unknown_prediction'
    | 'wrong_subject'
    /** Two chunks with one identity that hold different rows. */
    | 'identity_reused'
    /** A row went to a version that its routing table did not send it to. */
    | 'wrong_route'
    /** A chunk names a routing table that the governance log does not reach. */
    | 'unknown_routing_seq'
    /** So do labels or a tick with a position. */
    | 'unknown_events_seq';
  readonly seq: number;
  readonly detail: string;
}

export interface TrafficSummary {
  readonly lastSeq: number;
  readonly chunks: number;
  readonly rows: number;
  readonly labels: number;
  readonly ticks: number;
  /** Chunks stored again after an answer was lost: readers drop them. */
  readonly repeated: number;
  readonly problems: number;
}

/** A chunk may hold 512 KiB. */
const pageSize = 64;

/**
 * Reads TRAFFIC up to its present end and yields every broken promise. Memory: some 60 bytes per chunk.
 * @param routes the whole governance log, folded after this was called for a head of TRAFFIC that is older
 */
export async function* verifyTraffic(
  store: StreamStore,
  lastSeq: number,
  routes: RouteHistory,
  reading: ReadingOptions,
): AsyncGenerator<TrafficProblem, TrafficSummary> {
  const seen = new Map<string, Map<number, string>>();
  const counts = { chunks: 0, rows: 0, labels: 0, ticks: 0, repeated: 0 };
  const check = (message: StreamMessage): TrafficProblem[] => problemsOf(message, seen, routes, counts);
  const problems = yield* verifyStream<TrafficProblem>(store, lastSeq, { pageSize, check, ...reading });
  return { lastSeq, ...counts, problems };
}

function problemsOf(
  message: StreamMessage,
  seen: Map<string, Map<number, string>>,
  routes: RouteHistory,
  counts: { chunks: number; rows: number; labels: number; ticks: number; repeated: number },
): TrafficProblem[] {
  const { seq } = message;
  const type = message.headers.get(header.type);
  if (type === labelsRecorded.type) return checkLabels(message, seen, routes, counts);
  if (type === ticked.type) return checkTick(message, routes, counts);
  if (type !== predictionsRecorded.type)
    return [{ code: 'unknown_message', seq, detail: `its type is ${type ?? 'missing'}` }];
  let chunk: Chunk;
  try {
    chunk = decodeChunk(message.data);
  } catch (error) {
    return [{ code: 'undecodable_chunk', seq, detail: messageOf(error) }];
  }
  counts.chunks += 1;
  const again = isRepeat(message, chunk, seen);
  if (again === 'same') counts.repeated += 1;
  else counts.rows += chunk.served + chunk.failed + chunk.refused;
  const place = placeProblems(message, chunk, routes);
  if (again !== 'other') return place;
  const detail = `epoch ${chunk.schema.epoch}, counter ${chunk.counter} is stored before with other rows`;
  return [{ code: 'identity_reused', seq, detail }, ...place];
}

/** What a label is of stands before it: both are in one stream. */
function checkLabels(
  { seq, subject, data }: StreamMessage,
  seen: ReadonlyMap<string, ReadonlyMap<number, string>>,
  routes: RouteHistory,
  counts: { labels: number },
): TrafficProblem[] {
  let recorded: LabelsRecorded;
  try {
    recorded = decodeLabels(data);
  } catch (error) {
    return [{ code: 'undecodable_labels', seq, detail: messageOf(error) }];
  }
  const { deployment, events_seq, rows } = recorded;
  counts.labels += rows.length;
  const problems = namedProblems(seq, events_seq, routes);
  if (subject !== subjects.labels(deployment))
    problems.push({ code: 'wrong_subject', seq, detail: `it is of ${deployment}, on ${subject}` });
  const unknown = rows.filter(({ epoch, counter, row }) => row >= answeredBy(seen.get(epoch)?.get(counter)));
  if (unknown.length > 0)
    problems.push({
      ...{ code: 'unknown_prediction', seq },
      detail: `${unknown.length} of its labels, the first of ${unknown[0]!.prediction_id}`,
    });
  return problems;
}

function checkTick(
  { seq, subject, data }: StreamMessage,
  routes: RouteHistory,
  counts: { ticks: number },
): TrafficProblem[] {
  let tick: Ticked;
  try {
    tick = decodeTick(data);
  } catch (error) {
    return [{ code: 'undecodable_tick', seq, detail: messageOf(error) }];
  }
  counts.ticks += 1;
  const problems = namedProblems(seq, tick.events_seq, routes);
  if (subject !== subjects.ticks(tick.deployment))
    problems.push({ code: 'wrong_subject', seq, detail: `it is of ${tick.deployment}, on ${subject}` });
  return problems;
}

const namedProblems = (seq: number, eventsSeq: number, { lastSeq }: RouteHistory): TrafficProblem[] =>
  eventsSeq <= lastSeq
    ? []
    : [{ code: 'unknown_events_seq', seq, detail: `event ${eventsSeq} is not in the governance log` }];

/** Memory for a chunk is its counter, eight bytes of its hash and how many rows it answered. */
function isRepeat(
  { data }: StreamMessage,
  { schema, counter, served }: Chunk,
  seen: Map<string, Map<number, string>>,
): 'first' | 'same' | 'other' {
  const counters = seen.get(schema.epoch) ?? new Map<number, string>();
  seen.set(schema.epoch, counters);
  const chunk = `${sha256Hex(data).slice(0, 16)} ${served}`;
  const before = counters.get(counter);
  if (before !== undefined) return before === chunk ? 'same' : 'other';
  counters.set(counter, chunk);
  return 'first';
}

const answeredBy = (chunk: string | undefined): number => Number(chunk?.split(' ')[1] ?? 0);

function placeProblems({ seq, subject }: StreamMessage, chunk: Chunk, routes: RouteHistory): TrafficProblem[] {
  const { deployment, routing_seq, arms } = chunk.schema;
  const problems: TrafficProblem[] = [];
  if (subject !== subjects.predictions(deployment))
    problems.push({ code: 'wrong_subject', seq, detail: `it is of ${deployment}, on ${subject}` });
  const expected = routes.rolloutAt(deployment, routing_seq);
  if (expected === undefined)
    problems.push({ code: 'unknown_routing_seq', seq, detail: `event ${routing_seq} is not in the governance log` });
  for (const { rollout_id, model, version } of expected === undefined ? [] : arms)
    if (rollout_id !== expected)
      problems.push({
        ...{ code: 'wrong_route', seq },
        detail: `${model}@${version} (rollout ${rollout_id}); as of event ${routing_seq} ${deployment} was served by ${expected ?? 'nothing'}`,
      });
  return problems;
}
