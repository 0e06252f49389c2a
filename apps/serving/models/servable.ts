import { MicroBatcher, type LoadedModel } from '#libs/inference/index.js';
import { outputWriter, type OutputWriter } from '../http/output-writer.js';
import { recordedVersion, type RecordedVersion, type Writer } from '../recording/recorded-version.js';
import type { Rollout } from '../routing/routing-table.js';
import type { TrafficCounts } from '../traffic-counts.js';

/** A rollout whose model is loaded and warm in this process. */
export interface Servable {
  readonly rollout: Rollout;
  readonly model: LoadedModel;
  readonly batcher: MicroBatcher;
  readonly recorded: RecordedVersion;
  readonly writeOutput: OutputWriter;
  /** Between the prediction id and the output of an answer: JSON text. */
  readonly answerMiddle: string;
  /** The same for a row of a batch. */
  readonly rowMiddle: string;
}

export interface ServableOptions {
  readonly writer: Writer;
  readonly maxRowsPerRun: number;
}

export function servableOf(
  rollout: Rollout,
  model: LoadedModel,
  counts: TrafficCounts,
  { writer, maxRowsPerRun }: ServableOptions,
): Servable {
  const version = JSON.stringify(rollout.version);
  const names = `"deployment":${JSON.stringify(rollout.deployment)},"model":${JSON.stringify(rollout.model)}`;
  return {
    rollout,
    model,
    batcher: new MicroBatcher(model, { maxRowsPerRun }),
    recorded: recordedVersion(rollout, model, writer, counts),
    writeOutput: outputWriter(model),
    answerMiddle: `",${names},"version":${version},"output":`,
    rowMiddle: `","version":${version},"output":`,
  };
}
