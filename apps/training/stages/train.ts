import { readParameters, type StageResult } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { JobFailure } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import { storeBytes, storeJson } from './stored-json.js';
import { trainByCommand } from './train-by-command.js';
import { familyOfAlgorithm, pipelineFor } from './validate.js';

/** On the rows of training alone: what is measured on the hold-out is what is registered. */
export async function train(context: JobContext): Promise<Result<StageResult, JobFailure>> {
  const { trainer } = context.spec;
  return trainer.type === 'command' ? trainByCommand(context, trainer) : trainBuiltIn(context);
}

async function trainBuiltIn(context: JobContext): Promise<Result<StageResult, JobFailure>> {
  const { spec, data, compute, options, log, progress } = context;
  const { algorithm, hyperparameters } = chosen(context);
  const learner = readParameters(algorithm, hyperparameters);
  if (!learner.ok) return reject({ code: learner.rejection.code, message: learner.rejection.detail });
  const learning = await data.learning();
  if (!learning.ok) return learning;
  const split = data.split(learning.value);
  if (!split.ok) return split;
  const pipeline = await pipelineFor(context, familyOfAlgorithm(algorithm));
  if (!pipeline.ok) return pipeline;
  const { seed } = spec;
  const rows = split.value.train;
  log.info(`${algorithm} learns from ${rows.length} rows with ${JSON.stringify(learner.value.parameters)}`);
  const trained = await compute.run(
    {
      kind: 'train',
      data: learning.value,
      learner: learner.value,
      pipeline: pipeline.value,
      seed,
      rows,
      threads: options.threads,
    },
    (share, message) => {
      progress(share);
      if (message !== null) log.info(message);
    },
  );
  if (!trained.ok) return reject(trained.rejection);
  const { onnx, featureNames, nullable, gains, curve, fitted } = trained.value;
  log.info(`a graph of ${onnx.length} bytes`);
  return accept({
    stage: 'train',
    artifact: await storeBytes(options.artifacts, onnx),
    size: onnx.length,
    algorithm,
    hyperparameters: { ...learner.value.parameters },
    feature_names: [...featureNames],
    nullable: [...nullable],
    record: await storeJson(options.artifacts, { gains, curve, pipeline: pipeline.value, fitted }),
  });
}

/** What the search found best, or what was asked for. */
export function chosen({ spec, results }: JobContext): {
  algorithm: Parameters<typeof readParameters>[0];
  hyperparameters: Parameters<typeof readParameters>[1];
} {
  const best = results.find('search')?.best;
  if (best !== undefined) return best;
  const { trainer } = spec;
  // A request for `auto` without a search is given one when it is taken.
  const algorithm =
    trainer.type === 'builtin' && trainer.algorithm !== 'auto' ? trainer.algorithm : 'gradient_boosting';
  return { algorithm, hyperparameters: trainer.hyperparameters };
}
