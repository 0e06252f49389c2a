import { decodeChunk, header, predictionsRecorded, type Chunk } from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import type { Decoded } from '#libs/projecting/index.js';
import { add, noTraffic, type TrafficCounts } from './counts.js';
import { LatencyHistogram, type SparseHistogram } from './latency-histogram.js';

/** What is kept of a chunk: where it is, and sums over its rows. */
export interface ChunkFact {
  readonly kind: 'chunk';
  readonly epoch: string;
  readonly counter: number;
  readonly givenUp: readonly number[];
  readonly deployment: string;
  readonly instance: string;
  readonly routingSeq: number;
  readonly beganAt: number;
  readonly storedAt: number;
  /** Rows that waited in the writer's process. */
  readonly queued: number;
  readonly arms: readonly ArmTraffic[];
}

export interface ArmTraffic extends TrafficCounts {
  readonly role: string;
  readonly model: string;
  readonly version: string;
  readonly rollout_id: string;
  /** Of served and failed rows, microseconds. */
  readonly latency: SparseHistogram;
}

/** Bytes that are no chunk are counted. */
export function decodePredictions(message: StreamMessage): Decoded<ChunkFact> {
  const type = message.headers.get(header.type);
  if (type !== undefined && type !== predictionsRecorded.type)
    return { kind: 'unreadable', reason: `unknown event type ${type}` };
  let chunk: Chunk;
  try {
    chunk = decodeChunk(message.data);
  } catch (error) {
    return { kind: 'unreadable', reason: messageOf(error) };
  }
  const fault = faultOf(chunk);
  if (fault !== undefined) return { kind: 'unreadable', reason: fault };
  const { schema } = chunk;
  return {
    kind: 'fact',
    fact: {
      kind: 'chunk',
      epoch: schema.epoch,
      counter: chunk.counter,
      givenUp: chunk.givenUp,
      deployment: schema.deployment,
      instance: schema.instance,
      routingSeq: schema.routing_seq,
      beganAt: chunk.beganAt,
      storedAt: message.time,
      queued: chunk.queued ?? 0,
      arms: armsOf(chunk),
    },
  };
}

const isCounter = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

/** Why a chunk that decodes cannot have come from a recorder. */
function faultOf({ schema, counter, givenUp, arm, beganAt }: Chunk): string | undefined {
  if (!isCounter(counter)) return `counter ${counter}: expected a whole number from 1`;
  const wrong = givenUp.find((other) => !isCounter(other) || other >= counter);
  if (wrong !== undefined) return `gives up counter ${wrong}: expected one before its own, ${counter}`;
  const strange = arm.find((index) => index >= schema.arms.length);
  if (strange !== undefined) return `a row names arm ${strange} of ${schema.arms.length}`;
  if (!Number.isFinite(beganAt)) return `began at ${beganAt}`;
  const names = [schema.epoch, schema.instance, schema.deployment, ...schema.arms.flatMap((a) => [a.model, a.version])];
  if (names.some((name) => name === '' || name.includes('\0'))) return 'holds a name that is empty or has U+0000';
  return undefined;
}

/** Arms that have rows, in the order of the schema. */
function armsOf(chunk: Chunk): ArmTraffic[] {
  const { schema, served, failed, refused, arm, latencyUs } = chunk;
  const rows = schema.arms.map(() => ({
    ...{ served: 0, failed: 0, refused: 0, least: Infinity, most: 0, sum: 0 },
    latencies: new LatencyHistogram(),
  }));
  for (let row = 0; row < served + failed + refused; row++) {
    const counts = rows[arm[row]!]!;
    if (row >= served + failed) {
      counts.refused++;
      continue;
    }
    if (row < served) counts.served++;
    else counts.failed++;
    const latency = latencyUs[row]!;
    counts.sum += latency;
    counts.latencies.add(latency);
    if (latency < counts.least) counts.least = latency;
    if (latency > counts.most) counts.most = latency;
  }
  return schema.arms.flatMap(({ role, model, version, rollout_id }, index): ArmTraffic[] => {
    const { least, most, sum, latencies, ...counts } = rows[index]!;
    if (counts.served + counts.failed + counts.refused === 0) return [];
    const timed = counts.served + counts.failed > 0;
    return [
      {
        ...{ role, model, version, rollout_id },
        ...counts,
        latency_min_us: timed ? least : null,
        latency_max_us: timed ? most : null,
        latency_sum_us: sum,
        latency: latencies.sparse(),
      },
    ];
  });
}

export const sumOf = (arms: readonly TrafficCounts[]): TrafficCounts => arms.reduce(add, noTraffic);
