import {
  encodeChunkSchema,
  eventSource,
  header,
  predictionsRecorded,
  subjects,
  type ChunkSchema,
  type InputColumnSpec,
  type OutputColumnSpec,
} from '#libs/contracts/index.js';
import type { LoadedModel } from '#libs/inference/index.js';
import type { Rollout } from '../routing/routing-table.js';
import { fixedRowBytes, leastRowBytes, paddingBytes, textBytes } from './row-size.js';
import type { TrafficCounts } from '../traffic-counts.js';

/** Who writes: one serving process, one life. */
export interface Writer {
  readonly instance: string;
  /** A new id at every start. */
  readonly epoch: string;
}

/** What the chunks of one rollout in one process have in common. */
export interface RecordedVersion {
  readonly subject: string;
  /** The same object for every message: it is encoded once. */
  readonly headers: Readonly<Record<string, string>>;
  readonly acknowledged: boolean;
  readonly inputs: readonly InputColumnSpec[];
  readonly outputs: readonly OutputColumnSpec[];
  /** Bytes of a row's values, or null where a column holds text. */
  readonly rowBytes: number | null;
  /** Bytes of a chunk that holds one row beside that row's values, at most: its schema, and where its columns begin and end. */
  readonly schemaBytes: number;
  /** Bytes of a row's outputs: of a label the longest class. Another text counts as empty, for it is known after the run. */
  readonly outputBytes: number;
  readonly counts: TrafficCounts;
  /** The schema of a chunk under the routing table of `sequence`; the latest is kept. */
  schemaAt(sequence: number): { readonly schema: ChunkSchema; readonly bytes: Uint8Array };
}

export function recordedVersion(
  rollout: Rollout,
  model: Pick<LoadedModel, 'signature' | 'inputColumns' | 'outputColumns'>,
  writer: Writer,
  counts: TrafficCounts,
): RecordedVersion {
  const subject = subjects.predictions(rollout.deployment);
  const { signature, inputColumns: inputs, outputColumns: outputs } = model;
  const shared = {
    deployment: rollout.deployment,
    epoch: writer.epoch,
    instance: writer.instance,
    arms: [
      {
        role: 'live',
        model: rollout.model,
        version: rollout.version,
        rollout_id: rollout.rolloutId,
        artifact: rollout.artifact,
      },
    ],
    inputs: [...inputs],
    outputs: [...outputs],
    ...(signature.classes === undefined ? {} : { classes: signature.classes }),
  };
  const longest = encodeChunkSchema({ ...shared, routing_seq: Number.MAX_SAFE_INTEGER });
  let latest: { readonly schema: ChunkSchema; readonly bytes: Uint8Array } | null = null;
  return {
    subject,
    headers: {
      [header.type]: predictionsRecorded.type,
      [header.source]: eventSource,
      [header.subject]: subject,
      [header.specVersion]: '1.0',
      [header.eventVersion]: String(predictionsRecorded.version),
    },
    acknowledged: rollout.recording === 'acknowledged',
    inputs,
    outputs,
    rowBytes: fixedRowBytes([...inputs, ...outputs]),
    schemaBytes: longest.length + paddingBytes([...inputs, ...outputs]),
    outputBytes: leastRowBytes(outputs) + longestLabelBytes(model),
    counts,
    schemaAt(sequence) {
      if (latest?.schema.routing_seq === sequence) return latest;
      const schema: ChunkSchema = { ...shared, routing_seq: sequence };
      latest = { schema, bytes: encodeChunkSchema(schema) };
      return latest;
    },
  };
}

function longestLabelBytes({ signature, outputColumns }: Pick<LoadedModel, 'signature' | 'outputColumns'>): number {
  if (!outputColumns.some(({ role, type }) => role === 'label' && type === 'string')) return 0;
  const classes = signature.classes ?? [];
  return classes.reduce<number>((most, name) => Math.max(most, textBytes(String(name)) - textBytes('')), 0);
}
