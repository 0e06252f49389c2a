import {
  jsonRowReader,
  MicroBatcher,
  type JsonRowReader,
  type LoadedModel,
  type RunObserver,
} from '#libs/inference/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { cachedModel } from '../cache/cached-model.js';
import { outputBytesWriter, outputWriter, type OutputBytesWriter, type OutputWriter } from '../http/output-writer.js';
import { leastRowBytes } from '../recording/row-size.js';
import { recordedVersion, type RecordedVersion, type Writer } from '../recording/recorded-version.js';
import type { Rollout } from '../routing/routing-table.js';
import type { TrafficCounts } from '../traffic-counts.js';
import type { LoadFailure } from './load-artifact.js';

/** A rollout whose model is loaded and warm in this process. */
export interface Servable {
  readonly rollout: Rollout;
  readonly model: LoadedModel;
  readonly batcher: MicroBatcher;
  readonly recorded: RecordedVersion;
  readonly writeOutput: OutputWriter;
  readonly writeOutputBytes: OutputBytesWriter;
  /** Null: its rows are not all floats. */
  readonly readRows: JsonRowReader | null;
  /** Between the prediction id and the output of an answer: JSON text. */
  readonly answerMiddle: string;
  /** The same for a row of a batch, as bytes. */
  readonly rowMiddle: Uint8Array;
  /** When the latest request for it came, monotonic milliseconds. */
  usedAt: number;
}

export interface ServableOptions {
  readonly writer: Writer;
  readonly maxRowsPerRun: number;
  /** Outputs kept for identical rows, for each version (default none). */
  readonly cacheEntries?: number;
  readonly clock: Clock;
  /** Whom to tell of the runs of a rollout's model. */
  readonly observe?: ((rollout: Rollout) => RunObserver) | undefined;
}

export function servableOf(
  rollout: Rollout,
  model: LoadedModel,
  counts: TrafficCounts,
  { writer, maxRowsPerRun, cacheEntries = 0, clock, observe }: ServableOptions,
): Servable {
  const version = JSON.stringify(rollout.version);
  const names = `"deployment":${JSON.stringify(rollout.deployment)},"model":${JSON.stringify(rollout.model)}`;
  return {
    rollout,
    model,
    batcher: new MicroBatcher(cacheEntries === 0 ? model : cachedModel(model, cacheEntries, counts), {
      maxRowsPerRun,
      clock,
      observer: observe?.(rollout),
    }),
    recorded: recordedVersion(rollout, model, writer, counts),
    writeOutput: outputWriter(model),
    writeOutputBytes: outputBytesWriter(model),
    readRows: jsonRowReader(model.signature),
    answerMiddle: `",${names},"version":${version},"output":`,
    rowMiddle: Buffer.from(`","version":${version},"output":`, 'utf8'),
    usedAt: 0,
  };
}

/** A version whose rows no message of the log can hold could never answer; null for one that can. */
export function unrecordable({ recorded }: Servable, maxRecordedBytes: number): LoadFailure | null {
  const bytes = (recorded.rowBytes ?? leastRowBytes([...recorded.inputs, ...recorded.outputs])) + recorded.schemaBytes;
  if (bytes <= maxRecordedBytes) return null;
  const reason = `one recorded row takes ${bytes} bytes with the names of its features: expected at most ${maxRecordedBytes}`;
  return { code: 'unsupported_model', reason, transient: false };
}
