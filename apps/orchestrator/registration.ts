import { resultOf, type ModelCommand, type TrainingJobState } from '#libs/domain/index.js';
import type { TrainingSpec } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';

export type Registration = Extract<ModelCommand, { type: 'RegisterVersion' }>['registration'];

/** The version that a job has made, as it is registered: under the next number. @returns which stage is missing, in words. */
export function registrationOf({ requested, results }: TrainingJobState): Result<Registration, string> {
  const [ingest, validate, train] = [
    resultOf(results, 'ingest'),
    resultOf(results, 'validate'),
    resultOf(results, 'train'),
  ];
  const [evaluate, packaged] = [resultOf(results, 'evaluate'), resultOf(results, 'package')];
  if (requested === null) return reject('the job was not requested');
  if (!ingest || !validate || !train || !evaluate || !packaged) return reject('a stage of the job is not finished');
  const { job_id, spec } = requested;
  return accept({
    model: spec.model,
    artifact: train.artifact,
    size: train.size,
    ...(spec.description === null ? {} : { description: spec.description }),
    task: validate.task,
    tags: spec.tags,
    metrics: evaluate.metrics,
    hyperparameters: train.hyperparameters,
    signature: packaged.signature,
    baseline: packaged.baseline,
    lineage: {
      dataset: datasetOf(spec, ingest.digest),
      training_job: job_id,
      source: trainerOf(spec, train.algorithm),
    },
  });
}

/** A data set that has a name is known by it; any other one by its bytes. */
const datasetOf = ({ dataset: { name, version } }: TrainingSpec, digest: string): string =>
  name === null || version === null ? digest : `${name}@${version}`;

/** The code that made it. Its parameters and seed are the job's. */
const trainerOf = ({ trainer }: TrainingSpec, algorithm: string): string =>
  trainer.type === 'builtin' ? `trainer:builtin/${algorithm}` : `trainer:command/${trainer.name}`;
