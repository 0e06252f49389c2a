import {
  readParameters,
  recordedTrial,
  subjects,
  type FeaturePipeline,
  type Proposal,
  type SearchPlan,
  type StageResult,
  type Trial,
} from '#libs/contracts/index.js';
import { accept, ModelogError, reject, type Result } from '#libs/kernel/index.js';
import { crossFolds, primaryMetric, runSearch, trialsOf } from '#libs/learning/index.js';
import type { LearningData, Split } from '../compute/protocol.js';
import { at } from '../data/labelled.js';
import type { JobFailure } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import { storeJson } from './stored-json.js';
import { familyOfAlgorithm, pipelineFor } from './validate.js';

interface Searching {
  readonly context: JobContext;
  readonly plan: SearchPlan;
  readonly learning: LearningData;
  readonly folds: readonly Split[];
  readonly metric: string;
  readonly pipelines: ReadonlyMap<string, FeaturePipeline>;
}

/**
 * Hyper-parameters by cross-validation on the rows of training. Trials are on OPERATIONS before they count, so that a
 * search that was interrupted goes on with them.
 */
export async function search(context: JobContext): Promise<Result<StageResult, JobFailure>> {
  const { spec, data, log, signal, options } = context;
  const plan = spec.search;
  if (plan === null) throw new ModelogError('stage_missing', 'no search was asked for');
  const learning = await data.learning();
  if (!learning.ok) return learning;
  const folds = foldsOf(context, learning.value);
  if (!folds.ok) return folds;
  const pipelines = await pipelinesOf(context, plan);
  if (!pipelines.ok) return pipelines;
  const classes = learning.value.classes?.length ?? 0;
  const metric = primaryMetric(classes);
  const searching = { context, plan, learning: learning.value, folds: folds.value, metric, pipelines: pipelines.value };
  const completed = await recordedTrials(context);
  if (completed.length > 0) log.info(`${completed.length} trials have ended before`);
  let ended = completed.length;
  const found = await runSearch({
    ...{ plan, seed: spec.seed, completed, threads: options.threads, signal },
    clock: options.clock,
    // What a former worker spent, as far as its trials tell.
    spent_s: completed.reduce((sum, { duration_s }) => sum + duration_s, 0) / Math.min(options.threads, plan.lookback),
    evaluate: (proposal) => tryOut(searching, proposal),
    onTrial: async (trial) => {
      await log.trial(trial);
      ended++;
      log.info(
        `trial ${trial.index}: ${trial.algorithm} ${JSON.stringify(trial.hyperparameters)}: ${trial.score === null ? `failed, ${trial.error ?? ''}` : `${metric} ${trial.score.toFixed(5)}`}`,
      );
      context.progress(ended / trialsOf(plan));
    },
  });
  signal.throwIfAborted();
  const { trials, winner, cutOff } = found;
  if (winner === null || winner.score === null)
    return reject({
      code: 'search_failed',
      message: `none of ${trials.length} trials came to a score; the first: ${trials[0]?.error ?? 'none was made'}`,
    });
  log.info(`trial ${winner.index} is best`);
  return accept({
    stage: 'search',
    metric,
    trials: trials.length,
    failed: trials.filter(({ status }) => status === 'failed').length,
    best: {
      index: winner.index,
      algorithm: winner.algorithm,
      hyperparameters: winner.hyperparameters,
      score: winner.score,
    },
    cut_off: cutOff,
    record: await storeJson(options.artifacts, trials),
  });
}

/** The first of an index counts: a worker that was replaced may have told its own later. */
async function recordedTrials({ jobId, options }: JobContext): Promise<readonly Trial[]> {
  const messages = await options.operations.readSubject(subjects.trials(jobId), 1, 'leader');
  const byIndex = new Map<number, Trial>();
  for (const { data } of messages) {
    const { at: _, worker: __, ...trial } = recordedTrial.parse(JSON.parse(new TextDecoder().decode(data)));
    if (!byIndex.has(trial.index)) byIndex.set(trial.index, trial);
  }
  return [...byIndex.values()].sort((a, b) => a.index - b.index);
}

function foldsOf({ spec, data }: JobContext, learning: LearningData): Result<readonly Split[], JobFailure> {
  const split = data.split(learning);
  if (!split.ok) return split;
  const { train } = split.value;
  const folds = crossFolds({
    ...{ rows: train.length, target: at(learning.target, train), classes: learning.classes?.length ?? 0 },
    ...{ plan: data.plan(learning.classes), seed: spec.seed, ...data.orderOf(learning.table, train) },
  });
  if (!folds.ok) return reject({ code: 'split_impossible', message: folds.rejection.detail });
  return accept(folds.value.map((fold) => ({ train: at(train, fold.train), test: at(train, fold.test) })));
}

async function pipelinesOf(
  context: JobContext,
  plan: SearchPlan,
): Promise<Result<ReadonlyMap<string, FeaturePipeline>, JobFailure>> {
  const pipelines = new Map<string, FeaturePipeline>();
  for (const algorithm of Object.keys(plan.spaces)) {
    const made = await pipelineFor(context, familyOfAlgorithm(algorithm));
    if (!made.ok) return made;
    pipelines.set(algorithm, made.value);
  }
  return accept(pipelines);
}

async function tryOut({ context, learning, folds, metric, pipelines }: Searching, proposal: Proposal): Promise<Trial> {
  const { compute, spec, options } = context;
  const beganMs = options.clock.monotonic();
  const ended = (outcome: Pick<Trial, 'status' | 'score' | 'fold_scores' | 'error'>): Trial => ({
    ...proposal,
    ...outcome,
    duration_s: (options.clock.monotonic() - beganMs) / 1000,
  });
  const failed = (error: string): Trial =>
    ended({ status: 'failed', score: null, fold_scores: [], error: error.slice(0, 1000) });
  const learner = readParameters(proposal.algorithm, proposal.hyperparameters);
  if (!learner.ok) return failed(learner.rejection.detail);
  const scored = await compute.run({
    ...{
      kind: 'score',
      data: learning,
      learner: learner.value,
      pipeline: pipelines.get(proposal.algorithm)!,
      seed: spec.seed,
      metric,
    },
    splits: folds.map(({ train, test }) => ({ train: someOf(train, proposal.budget), test })),
  });
  if (!scored.ok) return failed(scored.rejection.message);
  const { test } = scored.value;
  if (!test.every(Number.isFinite)) return failed(`${metric} is not defined on every fold`);
  return ended({
    status: 'completed',
    score: test.reduce((sum, each) => sum + each, 0) / test.length,
    fold_scores: [...test],
    error: null,
  });
}

/** A share of the rows, spread evenly over them. */
function someOf(rows: Int32Array, share: number): Int32Array {
  if (share >= 1) return rows;
  const count = Math.max(1, Math.round(rows.length * share));
  return Int32Array.from({ length: count }, (_, index) => rows[Math.floor((index * rows.length) / count)]!);
}
