import { featureGraph, type FittedFeatures } from '#libs/datasets/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import { TreeModel, type TrainedModel } from '#libs/learning/index.js';
import { modelBytes } from '#libs/onnx/index.js';
import type { Classes } from '../data/labelled.js';
import { fit } from './fit.js';
import type { ComputeRefusal, TrainAnswer, TrainTask } from './protocol.js';

/** That a training writes of its losses. */
const linesOfLog = 10;

export async function train(
  { data, rows, pipeline, learner, seed, threads }: TrainTask,
  onProgress: (share: number, message?: string | null) => void,
): Promise<Result<TrainAnswer, ComputeRefusal>> {
  const fitted = await fit({
    ...{ data, rows, pipeline, learner },
    context: {
      ...{ seed, threads },
      onProgress: (done, of, scores) => {
        const losses =
          scores && `loss ${scores.train}${scores.validation === null ? '' : `, held back ${scores.validation}`}`;
        const tells = Math.floor((linesOfLog * done) / of) > Math.floor((linesOfLog * (done - 1)) / of);
        onProgress(done / of, losses === undefined || !tells ? null : `${done} of ${of}: ${losses}`);
      },
    },
  });
  if (!fitted.ok) return fitted;
  const { fitted: features, model } = fitted.value;
  const { onnx, featureNames, nullable } = wholeGraph(features, model, data.classes);
  return accept({
    ...{ onnx, featureNames, nullable, fitted: features },
    gains: model instanceof TreeModel ? rawGains(features, model) : null,
    curve: model instanceof TreeModel ? curveOf(model) : null,
  });
}

/** One graph from raw features to outputs: nothing in it tells of a name, a job, a time or a path. */
function wholeGraph(
  features: FittedFeatures,
  model: TrainedModel,
  classes: Classes,
): Pick<TrainAnswer, 'onnx' | 'featureNames' | 'nullable'> {
  const front = featureGraph(features);
  const back = model.graph(front.output, classes === null ? {} : { classLabels: classes });
  const onnx = modelBytes({
    inputs: front.inputs,
    outputs: back.outputs,
    nodes: [...front.nodes, ...back.nodes],
    initializers: [...front.initializers, ...back.initializers],
    metadata: { feature_names: JSON.stringify(front.featureNames) },
    opsets: newest(front.opsets, back.opsets),
  });
  return { onnx, featureNames: front.featureNames, nullable: front.nullable };
}

function newest(...all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const opsets: Record<string, number> = {};
  for (const [domain, version] of all.flatMap((each) => Object.entries(each)))
    opsets[domain] = Math.max(version, opsets[domain] ?? 0);
  return opsets;
}

/** Gains of the matrix's columns, given to the raw columns that they are made of, in equal parts. */
function rawGains({ outputs }: FittedFeatures, { gains }: TreeModel): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [index, { sources }] of outputs.entries())
    for (const source of sources) total[source] = (total[source] ?? 0) + gains[index]! / sources.length;
  return total;
}

/** Losses by round, where some were told. */
function curveOf({ curve }: TreeModel): TrainAnswer['curve'] {
  if (curve === undefined) return null;
  return { train: curve.map(({ train }) => train), validation: curve.flatMap(({ validation }) => validation ?? []) };
}
