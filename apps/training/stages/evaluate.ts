import { championAlias, readParameters, type EvaluationReport, type StageResult } from '#libs/contracts/index.js';
import { findVersion, modelDefinition } from '#libs/domain/index.js';
import { accept, messageOf, reject, type Result } from '#libs/kernel/index.js';
import { permutationImportance, primaryMetric, scoreOf } from '#libs/learning/index.js';
import { metricsOf } from '../compute/metrics-of.js';
import type { LearningData, Split } from '../compute/protocol.js';
import { at } from '../data/labelled.js';
import type { JobFailure } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import type { OnnxPredictor } from '../model/onnx-predictor.js';
import { readJson, storeJson } from './stored-json.js';
import { chosen } from './train.js';
import { openRegistered, openTrained } from './trained-model.js';
import { familyOfAlgorithm, pipelineFor } from './validate.js';

interface Evaluating {
  readonly context: JobContext;
  readonly learning: LearningData;
  readonly split: Split;
  readonly model: OnnxPredictor;
}

/** On the hold-out, by the very graph that will be served. */
export async function evaluate(context: JobContext): Promise<Result<StageResult, JobFailure>> {
  const learning = await context.data.learning();
  if (!learning.ok) return learning;
  const split = context.data.split(learning.value);
  if (!split.ok) return split;
  const opened = await openTrained(context, learning.value);
  if (!opened.ok) return opened;
  try {
    return await evaluated({ context, learning: learning.value, split: split.value, model: opened.value });
  } finally {
    await opened.value.dispose();
  }
}

async function evaluated(evaluating: Evaluating): Promise<Result<StageResult, JobFailure>> {
  const { context, learning: data, split, model } = evaluating;
  const { compute, spec, log, options } = context;
  const { test: rows } = split;
  const predicted = await model.predict(rows);
  const champion = await championOn(evaluating);
  const { slices, seed } = spec;
  const measured = await compute.run({
    kind: 'measure',
    data,
    rows,
    predicted,
    champion: champion !== null && 'predicted' in champion ? champion.predicted : null,
    slices,
    seed,
  });
  if (!measured.ok) return reject(measured.rejection);
  context.progress(0.3);
  const permutation = await permutationOf(evaluating);
  context.progress(0.7);
  const { championFault, ...found } = measured.value;
  const { metrics } = found;
  const fault = championFault ?? (champion !== null && 'fault' in champion ? champion.fault : null);
  if (champion !== null && fault !== null) log.warn(`champion ${champion.named.version} is not compared: ${fault}`);
  const report: EvaluationReport = {
    version: 1,
    rows: { train: split.train.length, test: rows.length },
    ...found,
    importances: { gain: await gainsOf(context), permutation },
    learning_curve: await learningCurve(evaluating),
    champion: champion && found.champion && { ...champion.named, ...found.champion },
  };
  log.info(
    `hold-out of ${rows.length} rows: ${Object.entries(metrics)
      .map(([name, value]) => `${name} ${value.toPrecision(5)}`)
      .join(', ')}`,
  );
  if (report.champion !== null)
    log.info(
      `against champion ${report.champion.version}: ${report.champion.verdict} (p ${report.champion.p_value.toPrecision(3)})`,
    );
  return accept({
    stage: 'evaluate',
    metrics,
    report: await storeJson(options.artifacts, report),
    worse_than_champion: report.champion && report.champion.verdict === 'worse',
    ...(fault === null ? {} : { champion_not_compared: fault.slice(0, 2000) }),
  });
}

type Champion = {
  readonly named: { readonly version: string; readonly artifact: string };
} & ({ readonly predicted: Float64Array } | { readonly fault: string });

/** The champion of now, on the same rows, or why it cannot be run on them; null: there is none. */
async function championOn({ context, learning, split }: Evaluating): Promise<Champion | null> {
  const { options, spec } = context;
  const { state } = await options.aggregates.load(modelDefinition, spec.model, { consistency: 'leader' });
  const version = findVersion(state, championAlias);
  if (version === undefined) return null;
  const named = { version: version.version, artifact: version.artifact };
  const opened = await openRegistered(context, version, learning);
  if (!opened.ok) return { named, fault: opened.rejection.message };
  try {
    return { named, predicted: await opened.value.predict(split.test) };
  } catch (error) {
    context.signal.throwIfAborted();
    return { named, fault: messageOf(error) };
  } finally {
    await opened.value.dispose();
  }
}

/** Rows that each shuffled column is scored on, and how often; of many columns on fewer rows, so that it ends. */
const permuted = { rows: 2000, repeats: 3, predictions: 1_000_000, leastRows: 200 };

async function permutationOf(evaluating: Evaluating): Promise<EvaluationReport['importances']['permutation']> {
  const { context, split, model } = evaluating;
  const affordable = Math.floor(permuted.predictions / permuted.repeats / model.signature.features.length);
  const most = Math.min(permuted.rows, Math.max(affordable, permuted.leastRows));
  const rows = spread(split.test, Math.min(most, split.test.length));
  const score = await scoreOn(evaluating, rows);
  if (score === undefined) {
    context.log.warn(`no importances by permutation: ${rows.length} rows of the hold-out have no score`);
    return {};
  }
  return permutationImportance({
    columns: model.signature.features.map(({ name }) => name),
    ...{ rows: rows.length, score, repeats: permuted.repeats, seed: context.spec.seed },
    scoreShuffled: async (column, order) =>
      (await scoreOn(evaluating, rows, { column, rows: at(rows, order) })) ?? score,
  });
}

/** Undefined where the metric is not defined on these rows. */
async function scoreOn(
  { context, learning: { target, classes }, model }: Evaluating,
  rows: Int32Array,
  instead?: { column: string; rows: Int32Array },
): Promise<number | undefined> {
  context.signal.throwIfAborted();
  const metric = primaryMetric(classes?.length ?? 0);
  const value = metricsOf(at(target, rows), await model.predict(rows, instead), classes)[metric];
  return value === undefined ? undefined : scoreOf(metric, value);
}

async function gainsOf({ results, options }: JobContext): Promise<Record<string, number> | null> {
  const record = (await readJson(options.artifacts, results.of('train').record)) as {
    gains: Record<string, number> | null;
  };
  return record.gains;
}

/** Rows of the largest part, and the shares of it that are learned from besides. */
const curveRows = 20_000;
const curveShares = [0.1, 0.3];

/** How much more rows would help: the same learner on smaller parts of the rows of training, and the model itself. */
async function learningCurve(evaluating: Evaluating): Promise<EvaluationReport['learning_curve']> {
  const { context, learning: data, split } = evaluating;
  const { spec, compute, log } = context;
  if (spec.trainer.type === 'command') return null;
  const { algorithm, hyperparameters } = chosen(context);
  const learner = readParameters(algorithm, hyperparameters);
  const pipeline = await pipelineFor(context, familyOfAlgorithm(algorithm));
  if (!learner.ok || !pipeline.ok) return null;
  const metric = primaryMetric(data.classes?.length ?? 0);
  const { length } = split.train;
  const sizes = [...curveShares.map((share) => Math.floor(share * Math.min(curveRows, length))), curveRows];
  const points: CurvePoint[] = [];
  for (const size of sizes.filter((each) => each >= 10 && each < length)) {
    const splits = [{ train: spread(split.train, size), test: split.test }];
    const learned = { data, learner: learner.value, pipeline: pipeline.value, seed: spec.seed, metric };
    const scored = await compute.run({ kind: 'score', ...learned, splits });
    // So few rows may lack a class, or whatever else the learner asks for.
    if (!scored.ok) log.warn(`no point of the learning curve at ${size} rows: ${scored.rejection.message}`);
    else points.push({ size, train: scored.value.train[0], test: scored.value.test[0] });
  }
  const train = await scoreOn(evaluating, spread(split.train, Math.min(length, curveRows)));
  points.push({ size: length, train, test: await scoreOn(evaluating, split.test) });
  const known = points.filter(({ train: own, test }) => Number.isFinite(own) && Number.isFinite(test));
  return {
    unit: 'rows',
    at: known.map(({ size }) => size),
    train: known.map(({ train: own }) => own!),
    test: known.map(({ test }) => test!),
  };
}

interface CurvePoint {
  readonly size: number;
  readonly train: number | undefined;
  readonly test: number | undefined;
}

/** So many rows, spread evenly over all. */
const spread = (rows: Int32Array, count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, index) => rows[Math.floor((index * rows.length) / count)]!);
