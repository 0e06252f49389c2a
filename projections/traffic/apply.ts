import { readFileSync } from 'node:fs';
import { noneSeen, see, type SeenCounters } from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { Changes, current, type Decoded, type Projection, type Recorded, type Row } from '#libs/projecting/index.js';
import { decodePredictions, sumOf, type ArmTraffic, type ChunkFact } from './chunk-fact.js';
import { add, noTraffic, type TrafficCounts } from './counts.js';
import { applyLabels, decodeLabelMessage, isLabels, labelTables, type LabelsFact } from './labels.js';
import { addToOperations, operationRows, operations } from './operations.js';

const countColumns = {
  latency_min_us: 'bigint',
  latency_max_us: 'bigint',
  latency_sum_us: 'bigint',
} as const;

const chunks = current({
  name: 'chunks',
  key: ['epoch', 'counter'],
  columns: {
    epoch: 'text',
    counter: 'bigint',
    traffic_seq: 'bigint',
    deployment: 'text',
    instance: 'text',
    routing_seq: 'bigint',
    began_at: 'double precision',
    stored_at: 'bigint',
    log_time: 'bigint',
    served: 'integer',
    failed: 'integer',
    refused: 'integer',
    queued: 'bigint',
    ...countColumns,
    arms: 'jsonb',
  },
});

const epochs = current({
  name: 'epochs',
  key: ['epoch'],
  columns: {
    epoch: 'text',
    instance: 'text',
    highest: 'bigint',
    missing: 'jsonb',
    chunks: 'bigint',
    dropped: 'bigint',
    first_seq: 'bigint',
    last_seq: 'bigint',
  },
});

const minutes = current({
  name: 'minutes',
  key: ['deployment', 'minute', 'model', 'version'],
  columns: {
    deployment: 'text',
    minute: 'bigint',
    model: 'text',
    version: 'text',
    chunks: 'bigint',
    served: 'bigint',
    failed: 'bigint',
    refused: 'bigint',
    ...countColumns,
  },
});

export type TrafficFact = ChunkFact | LabelsFact;

/**
 * Recorded predictions and their labels, from TRAFFIC: a row per chunk, sums per minute and how versions did per span of
 * the log's time, a row per chunk and message of labels.
 */
export const traffic: Projection<StreamMessage, TrafficFact> = {
  name: 'traffic',
  version: 3,
  stream: 'TRAFFIC',
  schemaSql: readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'),
  tables: [chunks, epochs, minutes, operations, ...labelTables],
  decode: decodeTraffic,

  needs: ({ fact, ...place }) =>
    fact.kind === 'labels'
      ? []
      : [
          { table: epochs, key: { epoch: fact.epoch } },
          ...fact.arms.map((arm) => ({ table: minutes, key: minuteKey({ ...place, fact }, arm) })),
          ...operationRows({ ...place, fact }),
        ],

  apply(before, facts) {
    const changes = new Changes(before);
    for (const { fact, ...place } of facts) {
      if (fact.kind === 'labels') applyLabels(changes, { ...place, fact });
      else applyChunk(changes, { ...place, fact });
    }
    return changes.operations;
  },
};

/** Ticks are others' business. */
function decodeTraffic(message: StreamMessage): Decoded<TrafficFact> {
  if (isLabels(message)) return decodeLabelMessage(message);
  return message.subject.startsWith('pred.') ? decodePredictions(message) : { kind: 'irrelevant' };
}

function applyChunk(changes: Changes, recorded: Recorded<ChunkFact>): void {
  if (!seeChunk(changes, recorded)) return;
  changes.put(chunks, recorded.seq, chunkRow(recorded));
  for (const arm of recorded.fact.arms) addToMinute(changes, recorded, arm);
  addToOperations(changes, recorded);
}

export const minuteMs = 60_000;
export const minuteOf = (time: number): number => Math.floor(time / minuteMs) * minuteMs;

interface EpochRow extends SeenCounters {
  readonly chunks: number;
  readonly dropped: number;
  readonly first_seq: number;
}

/** Notes the chunk's counter; false when it was seen or given up on before. */
function seeChunk(changes: Changes, { seq, fact }: Recorded<ChunkFact>): boolean {
  const known = changes.get(epochs, { epoch: fact.epoch }) as EpochRow | undefined;
  const { fresh, seen } = see(known ?? noneSeen, fact.counter, fact.givenUp);
  changes.put(epochs, seq, {
    epoch: fact.epoch,
    instance: fact.instance,
    highest: seen.highest,
    missing: seen.missing,
    chunks: (known?.chunks ?? 0) + (fresh ? 1 : 0),
    dropped: (known?.dropped ?? 0) + (fresh ? 0 : 1),
    first_seq: known?.first_seq ?? seq,
    last_seq: seq,
  });
  return fresh;
}

const chunkRow = ({ seq, logTime, fact }: Recorded<ChunkFact>): Row => ({
  epoch: fact.epoch,
  counter: fact.counter,
  traffic_seq: seq,
  deployment: fact.deployment,
  instance: fact.instance,
  routing_seq: fact.routingSeq,
  began_at: fact.beganAt,
  stored_at: fact.storedAt,
  log_time: logTime,
  queued: fact.queued,
  ...sumOf(fact.arms),
  arms: fact.arms,
});

interface MinuteRow extends TrafficCounts {
  readonly chunks: number;
}

function addToMinute(changes: Changes, recorded: Recorded<ChunkFact>, arm: ArmTraffic): void {
  const key = minuteKey(recorded, arm);
  const known = changes.get(minutes, key) as MinuteRow | undefined;
  changes.put(minutes, recorded.seq, { ...key, chunks: (known?.chunks ?? 0) + 1, ...add(known ?? noTraffic, arm) });
}

const minuteKey = ({ logTime, fact }: Recorded<ChunkFact>, { model, version }: ArmTraffic) => ({
  deployment: fact.deployment,
  minute: minuteOf(logTime),
  model,
  version,
});
