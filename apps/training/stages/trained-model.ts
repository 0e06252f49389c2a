import { ArtifactDamaged, ArtifactNotFound, ArtifactTooLarge } from '#libs/artifacts/index.js';
import { readSignature } from '#libs/onnx/index.js';
import { reject, type Result } from '#libs/kernel/index.js';
import type { LearningData } from '../compute/protocol.js';
import type { JobFailure } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import { openPredictor, type OnnxPredictor } from '../model/onnx-predictor.js';

/** A graph of 1 GiB is beyond what serving loads. */
const mostBytes = 2 ** 30;

/** The model that the job trained, as it will be served. */
export async function openTrained(
  context: JobContext,
  learning: LearningData,
): Promise<Result<OnnxPredictor, JobFailure>> {
  const { signal } = context;
  const { artifact, feature_names: featureNames, nullable } = context.results.of('train');
  const bytes = await context.options.artifacts.read(artifact, { maxBytes: mostBytes });
  const names = featureNames === null ? {} : { featureNames };
  const signature = readSignature(bytes, { ...names, nullable });
  if (!signature.ok) return reject({ code: signature.rejection.code, message: signature.rejection.detail });
  const { table, classes } = learning;
  return openPredictor({ bytes, signature: signature.value, table, classes, signal });
}

/** A version that was registered before, on the same rows; refused where it cannot be run on them. */
export async function openRegistered(
  { options, signal }: JobContext,
  { artifact, signature }: { readonly artifact: string; readonly signature: OnnxPredictor['signature'] },
  learning: LearningData,
): Promise<Result<OnnxPredictor, JobFailure>> {
  try {
    const bytes = await options.artifacts.read(artifact, { maxBytes: mostBytes });
    return await openPredictor({ bytes, signature, table: learning.table, classes: learning.classes, signal });
  } catch (error) {
    const unreadable =
      error instanceof ArtifactNotFound || error instanceof ArtifactDamaged || error instanceof ArtifactTooLarge;
    if (!unreadable) throw error;
    return reject({ code: 'artifact_unreadable', message: error.message });
  }
}
