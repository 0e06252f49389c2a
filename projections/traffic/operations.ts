import { current, type Changes, type Recorded, type Row, type RowReference } from '#libs/projecting/index.js';
import type { ArmTraffic, ChunkFact } from './chunk-fact.js';
import { added, type SparseHistogram } from './latency-histogram.js';

/** Seconds of the spans that are summed up, finest first; each is a multiple of the one before. */
export const spans = [10, 60, 3600] as const;

/** How a version did in a span of the log's time, or in one chunk. */
export interface OperationCounts {
  readonly chunks: number;
  readonly served: number;
  readonly failed: number;
  readonly refused: number;
  /** Of served and failed rows, microseconds. */
  readonly latency: SparseHistogram;
  readonly latency_sum_us: number;
  /** Null where no row was served or failed. */
  readonly latency_max_us: number | null;
  /** Rows that waited in the writer's process, added up over the chunks, and the most. */
  readonly queued_sum: number;
  readonly queued_max: number;
}

export const operations = current({
  name: 'operations',
  key: ['deployment', 'span_s', 'at', 'model', 'version'],
  columns: {
    deployment: 'text',
    span_s: 'integer',
    at: 'bigint',
    model: 'text',
    version: 'text',
    chunks: 'bigint',
    served: 'bigint',
    failed: 'bigint',
    refused: 'bigint',
    latency: 'jsonb',
    latency_sum_us: 'bigint',
    latency_max_us: 'bigint',
    queued_sum: 'bigint',
    queued_max: 'bigint',
  },
});

export const startOf = (time: number, spanS: number): number => Math.floor(time / (1000 * spanS)) * 1000 * spanS;

/** The rows that `addToOperations` changes. */
export const operationRows = (recorded: Recorded<ChunkFact>): RowReference[] =>
  keysOf(recorded).map(({ key }) => ({ table: operations, key }));

export function addToOperations(changes: Changes, recorded: Recorded<ChunkFact>): void {
  for (const { key, arm } of keysOf(recorded)) {
    const before = changes.get(operations, key) as OperationCounts | undefined;
    changes.put(operations, recorded.seq, { ...key, ...sum(before ?? none, countsOf(arm, recorded.fact.queued)) });
  }
}

function keysOf({ logTime, fact }: Recorded<ChunkFact>): { readonly key: Row; readonly arm: ArmTraffic }[] {
  return fact.arms.flatMap((arm) =>
    spans.map((span) => ({
      arm,
      key: {
        deployment: fact.deployment,
        span_s: span,
        at: startOf(logTime, span),
        model: arm.model,
        version: arm.version,
      },
    })),
  );
}

const none: OperationCounts = {
  ...{ chunks: 0, served: 0, failed: 0, refused: 0 },
  ...{ latency: [], latency_sum_us: 0, latency_max_us: null },
  ...{ queued_sum: 0, queued_max: 0 },
};

const countsOf = (arm: ArmTraffic, queued: number): OperationCounts => ({
  chunks: 1,
  served: arm.served,
  failed: arm.failed,
  refused: arm.refused,
  latency: arm.latency,
  latency_sum_us: arm.latency_sum_us,
  latency_max_us: arm.latency_max_us,
  queued_sum: queued,
  queued_max: queued,
});

const sum = (a: OperationCounts, b: OperationCounts): OperationCounts => ({
  chunks: a.chunks + b.chunks,
  served: a.served + b.served,
  failed: a.failed + b.failed,
  refused: a.refused + b.refused,
  latency: added(a.latency, b.latency),
  latency_sum_us: a.latency_sum_us + b.latency_sum_us,
  latency_max_us: a.latency_max_us === null ? b.latency_max_us : Math.max(a.latency_max_us, b.latency_max_us ?? 0),
  queued_sum: a.queued_sum + b.queued_sum,
  queued_max: Math.max(a.queued_max, b.queued_max),
});
