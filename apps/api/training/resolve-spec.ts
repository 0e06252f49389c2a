/** Everything that a training job does, from the request, the configuration and the data set it names. */
import type { TrainingGate, TrainingSpec } from '#libs/contracts/index.js';
import { sha256Hex } from '#libs/kernel/index.js';
import { refused } from './refused.js';
import type { Asked } from './request.js';
import { searchOf } from './resolve-search.js';
import { taskOf, trainerOf } from './resolve-trainer.js';

export interface Found {
  readonly dataset: TrainingSpec['dataset'];
  /** The request's, or the model's, with the expected schema written out. */
  readonly checks: TrainingSpec['checks'];
}

/**
 * @param commandId a request without a seed gets one of its own, and a repeat of it the same
 * @throws ProblemException naming the field that cannot be
 */
export function specOf(asked: Asked, { dataset, checks }: Found, commandId: string): TrainingSpec {
  const { body, configured, defaults } = asked;
  const trainer = trainerOf(asked);
  const task = taskOf(asked, trainer);
  return {
    model: body.model,
    dataset,
    target: body.target,
    task,
    ...columnsOf(asked),
    trainer,
    validation: validationOf(asked),
    search: searchOf(asked, trainer, task),
    checks,
    slices: body.slices ?? configured.slices ?? [],
    gate: gateOf(asked),
    register: body.register ?? configured.register ?? true,
    description: body.description ?? null,
    tags: body.tags ?? {},
    seed: body.seed ?? Number.parseInt(sha256Hex(`seed of ${commandId}`).slice(0, 8), 16),
    timeout_s: body.timeout_s ?? defaults.timeout_s,
    claim_s: defaults.claim_s,
    max_attempts: defaults.max_attempts,
  };
}

/** A feature that is the target would tell the answer. */
function columnsOf({ body, configured }: Asked): Pick<TrainingSpec, 'features' | 'pipeline'> {
  const features = body.features ?? configured.features ?? null;
  const pipeline = body.pipeline ?? configured.pipeline ?? null;
  const { target } = body;
  for (const [index, feature] of (features ?? []).entries()) {
    if (feature === target) throw refused(`features.${index}`, `expected no feature, found the target '${target}'`);
    if (features!.indexOf(feature) < index) throw refused(`features.${index}`, `'${feature}' is named twice`);
  }
  for (const [index, { columns }] of (pipeline ?? []).entries())
    if (columns.includes(target))
      throw refused(`pipeline.${index}.columns`, `expected features, found the target '${target}'`);
  return { features, pipeline };
}

function validationOf({ body, configured, defaults }: Asked): TrainingSpec['validation'] {
  const given = { ...configured.validation, ...body.validation };
  const split = given.split ?? null;
  const needsBy = split === 'time' || split === 'grouped';
  if (needsBy && (given.by ?? null) === null)
    throw refused('validation.by', `expected the column of the ${split === 'time' ? 'time' : 'groups'}`);
  if (!needsBy && (body.validation?.by ?? null) !== null)
    throw refused('validation.by', `expected none with split "${split ?? 'random'}"`);
  if (needsBy && given.by === body.target)
    throw refused('validation.by', `expected another column than the target '${body.target}'`);
  const { test_size = defaults.validation.test_size, cv_folds = defaults.validation.cv_folds } = given;
  return { test_size, cv_folds, split, by: needsBy ? given.by! : null };
}

/** Bound by bound: a request that lowers one leaves the others as they are configured. */
const gateOf = ({ body, configured, defaults }: Asked): TrainingGate => ({
  ...defaults.gate,
  ...configured.gate,
  ...body.gate,
});
