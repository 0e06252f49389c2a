import {
  datasetProfile,
  type DataFinding,
  type DatasetProfile,
  type FeaturePipeline,
  type StageResult,
  type Table,
  type TrainingSpec,
} from '#libs/contracts/index.js';
import { automaticPipeline } from '#libs/datasets/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { JobFailure } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import { readJson } from './stored-json.js';

/** As many as an event tells. */
const mostFindings = 200;

/** Whether the data can be learned from: errors end the job, warnings are recorded. */
export async function validate(context: JobContext): Promise<Result<StageResult, JobFailure>> {
  const { spec, data, compute, results, log } = context;
  const { schema } = results.of('ingest');
  const table = await data.table();
  if (!table.ok) return table;
  const misnamed = misnamedColumn(spec, table.value);
  if (misnamed !== null) return reject(misnamed);
  const { target, task, checks, features: asked } = spec;
  const checked = await compute.run({
    kind: 'check',
    table: table.value,
    schema,
    checks,
    target,
    task,
    features: asked,
  });
  if (!checked.ok) return reject(checked.rejection);
  const { findings, classes } = checked.value;
  for (const { severity, message } of findings) log[severity === 'error' ? 'error' : 'warn'](message);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return reject(invalid(errors));
  const unfit = misfit(context, checked.value.task);
  if (unfit !== null) return reject(unfit);
  const pipeline = await pipelineFor(context, familyOf(spec.trainer));
  if (!pipeline.ok) return pipeline;
  return accept({
    stage: 'validate',
    task: checked.value.task,
    classes: classes as number[] | string[] | null,
    features: [...new Set(pipeline.value.flatMap(({ columns }) => [...columns]))],
    pipeline: [...pipeline.value],
    warnings: findings.slice(0, mostFindings),
    more_warnings: Math.max(0, findings.length - mostFindings),
  });
}

const invalid = (errors: readonly DataFinding[]): JobFailure => ({
  code: 'data_invalid',
  message: errors
    .map(({ message }) => message)
    .join('; ')
    .slice(0, 2000),
  findings: errors,
});

/** What the request names beside target and features, which the checks look for: before anything is learned. */
export function misnamedColumn(
  { validation, slices }: Pick<TrainingSpec, 'validation' | 'slices'>,
  { columns }: Table,
): JobFailure | null {
  const named = [
    ...(validation.by === null ? [] : [['validation.by', validation.by]]),
    ...slices.map((name) => ['slices', name]),
  ];
  const unknown = named.find(([, name]) => columns.every((column) => column.name !== name));
  if (unknown === undefined) return null;
  const [field, name] = unknown;
  const known = columns
    .slice(0, mostNames)
    .map((column) => `'${column.name}'`)
    .join(', ');
  const message = `${field}: the data set has no column '${name}', expected one of ${known}${columns.length > mostNames ? ', …' : ''}`;
  return { code: 'unknown_column', message };
}
/** As many as a message lists. */
const mostNames = 50;

function misfit({ spec }: JobContext, task: string): JobFailure | null {
  const { trainer } = spec;
  if (trainer.type !== 'builtin') return null;
  const wrong = { logistic_regression: 'regression', linear_regression: 'classification' } as Record<string, string>;
  if (wrong[trainer.algorithm] !== task) return null;
  const message = `${trainer.algorithm} does not learn a ${task}: '${spec.target}' asks for one`;
  return { code: 'algorithm_mismatch', message };
}

type Family = 'trees' | 'linear';

/** Whose features are made where the request declares none. `auto` looks again for each algorithm that it tries. */
const familyOf = (trainer: JobContext['spec']['trainer']): Family =>
  trainer.type === 'builtin' && /_regression$/.test(trainer.algorithm) ? 'linear' : 'trees';

/** The declared pipeline, or the one that is made from the schema and the profile for a family of algorithms. */
export async function pipelineFor(context: JobContext, family: Family): Promise<Result<FeaturePipeline, JobFailure>> {
  const { spec, results, options, log } = context;
  if (spec.pipeline !== null) return accept(spec.pipeline);
  const { schema, profile: digest } = results.of('ingest');
  const profile: DatasetProfile = datasetProfile.parse(await readJson(options.artifacts, digest));
  const { target, features, validation } = spec;
  const group = validation.split === 'grouped' ? validation.by : null;
  const usable = schema.columns.map(({ name }) => name).filter((name) => name !== target && name !== group);
  const made = automaticPipeline(schema, features ?? usable, profile.columns, family);
  if (!made.ok) return reject({ code: 'features_invalid', message: made.rejection.detail });
  for (const { column, reason } of made.value.ignored) log.warn(`column '${column}' is left out: ${reason}`);
  return accept(made.value.pipeline);
}

/** The family of an algorithm by its name. */
export const familyOfAlgorithm = (algorithm: string): Family =>
  algorithm.endsWith('_regression') ? 'linear' : 'trees';
