import {
  decodeChunk,
  decodeLabels,
  header,
  labelsRecorded,
  predictionsRecorded,
  subjects,
  type Chunk,
  type LabelsRecorded,
} from '#libs/contracts/index.js';
import type { StreamMessage, StreamStore } from '#libs/event-log/index.js';
import { messageOf, sha256Hex } from '#libs/kernel/index.js';
import type { RouteHistory } from './routes.js';

/** A promise of TRAFFIC that is broken. */
export interface TrafficProblem {
  readonly code:
    | 'sequence_gap'
    | 'unknown_message'
    | 'undecodable_chunk'
    | 'undecodable_labels'
    /** A label of a row that no chunk before it has answered. */
    | 'unknown_prediction'
    | 'wrong_subject'
    /** Two chunks with one identity that hold different rows. */
    | 'identity_reused'
    /** A row went to a version that its routing table did not send it to. */
    | 'wrong_route'
    /** A chunk names a routing table that the governance log does not reach. */
    | 'unknown_routing_seq';
  readonly seq: number;
  readonly detail: string;
}

export interface TrafficSummary {
  readonly lastSeq: number;
  readonly chunks: number;
  readonly rows: number;
  readonly labels: number;
  /** Chunks stored again after an answer was lost: readers drop them. */
  readonly repeated: number;
  readonly problems: number;
}

export interface VerifyTrafficOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (seq: number, lastSeq: number) => void;
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
  { signal, onProgress }: VerifyTrafficOptions,
): AsyncGenerator<TrafficProblem, TrafficSummary> {
  const seen = new Map<string, Map<number, string>>();
  const counts = { chunks: 0, rows: 0, labels: 0, repeated: 0, problems: 0 };
  let next = 1;
  while (next <= lastSeq) {
    signal.throwIfAborted();
    const messages = await store.readFrom(next, pageSize, 'leader');
    for (const message of messages) {
      if (message.seq > lastSeq) break;
      for (const problem of check(message, next, seen, routes, counts)) {
        counts.problems += 1;
        yield problem;
      }
      next = message.seq + 1;
    }
    if (messages.length === 0) {
      counts.problems += 1;
      yield gap(next, lastSeq);
      break;
    }
    onProgress(Math.min(next - 1, lastSeq), lastSeq);
  }
  return { lastSeq, ...counts };
}

function check(
  message: StreamMessage,
  expectedSeq: number,
  seen: Map<string, Map<number, string>>,
  routes: RouteHistory,
  counts: { chunks: number; rows: number; labels: number; repeated: number },
): TrafficProblem[] {
  const { seq } = message;
  const problems: TrafficProblem[] = seq > expectedSeq ? [gap(expectedSeq, seq - 1)] : [];
  const type = message.headers.get(header.type);
  if (type === labelsRecorded.type) return [...problems, ...checkLabels(message, seen, counts)];
  if (type !== predictionsRecorded.type)
    return [...problems, { code: 'unknown_message', seq, detail: `its type is ${type ?? 'missing'}` }];
  let chunk: Chunk;
  try {
    chunk = decodeChunk(message.data);
  } catch (error) {
    return [...problems, { code: 'undecodable_chunk', seq, detail: messageOf(error) }];
  }
  counts.chunks += 1;
  const again = isRepeat(message, chunk, seen);
  if (again === 'same') counts.repeated += 1;
  else counts.rows += chunk.served + chunk.failed + chunk.refused;
  if (again === 'other')
    problems.push({
      ...{ code: 'identity_reused', seq },
      detail: `epoch ${chunk.schema.epoch}, counter ${chunk.counter} is stored before with other rows`,
    });
  return [...problems, ...placeProblems(message, chunk, routes)];
}

/** What a label is of stands before it: both are in one stream. */
function checkLabels(
  { seq, subject, data }: StreamMessage,
  seen: ReadonlyMap<string, ReadonlyMap<number, string>>,
  counts: { labels: number },
): TrafficProblem[] {
  let recorded: LabelsRecorded;
  try {
    recorded = decodeLabels(data);
  } catch (error) {
    return [{ code: 'undecodable_labels', seq, detail: messageOf(error) }];
  }
  const { deployment, rows } = recorded;
  counts.labels += rows.length;
  const problems: TrafficProblem[] = [];
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

const gap = (first: number, last: number): TrafficProblem => ({
  ...{ code: 'sequence_gap', seq: first },
  detail: first === last ? 'no message' : `no messages up to sequence ${last}`,
});
