/** Training jobs as the API shows them, at a moment. */
import {
  trainingStages,
  type api,
  type StageResult,
  type TrainingSpec,
  type TrainingStage,
} from '#libs/contracts/index.js';
import { resultOf } from '#libs/domain/index.js';
import { asOf, type Queryable } from '#libs/projecting/index.js';
import { stagesWith } from '../fold/job.js';
import type { JobStateRow } from '../tables.js';

type RequestedRow = Pick<api.JobView, 'job_id' | 'model' | 'requested_at' | 'requested_by'>;
type StateRow = RequestedRow & Omit<JobStateRow, 'not_registered'>;

interface ResultRow {
  readonly stage: TrainingStage;
  readonly finished_at: string;
  readonly duration_s: number;
  readonly result: StageResult;
}

const stateColumns = `j.job_id, j.model, j.requested_at, j.requested_by, s.status, s.stage, s.progress, s.searches,
  s.worker, s.claims, s.started_at, s.finished_at, s.model_version`;

/** A job, and the results of its stages; undefined where it was not requested yet. */
export async function jobAt(
  database: Queryable,
  job_id: string,
  seq: number,
): Promise<{ readonly view: api.JobView; readonly results: readonly StageResult[] } | undefined> {
  const { rows } = await database.query<StateRow & { spec: TrainingSpec } & Pick<JobStateRow, 'not_registered'>>(
    `select ${stateColumns}, s.error, s.not_registered, j.spec
     from training.jobs j join training.job_states s on s.job_id = j.job_id and ${asOf('$2', 's')}
     where j.job_id = $1`,
    [job_id, seq],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { rows: finished } = await database.query<ResultRow>(
    `select stage, finished_at, duration_s, result from training.stage_results
     where job_id = $1 and finished_seq <= $2 order by finished_seq`,
    [job_id, seq],
  );
  const results = finished.map(({ result }) => result);
  const { spec } = row;
  const evaluated = resultOf(results, 'evaluate');
  const ingested = resultOf(results, 'ingest');
  const view: api.JobView = {
    ...fieldsOf(row, evaluated?.metrics),
    ...{ worker: row.worker, claims: row.claims },
    stages: trainingStages.map((stage) => stageView(stage, row, finished)),
    warnings: resultOf(results, 'validate')?.warnings ?? [],
    dataset: {
      digest: ingested?.digest ?? spec.dataset.digest,
      name: datasetOf(spec),
      rows: ingested?.rows ?? null,
      profile: ingested?.profile ?? null,
    },
    artifact: resultOf(results, 'train')?.artifact ?? null,
    baseline: resultOf(results, 'package')?.baseline.artifact ?? null,
    report: evaluated?.report ?? null,
    not_registered: [...row.not_registered],
    spec,
    as_of_seq: seq,
  };
  return { view, results };
}

/** Jobs as lists show them, in the order given. */
export async function jobSummaries(
  database: Queryable,
  ids: readonly string[],
  seq: number,
): Promise<api.JobSummary[]> {
  if (ids.length === 0) return [];
  type Listed = StateRow & Pick<api.JobSummary, 'algorithm' | 'target' | 'metrics'>;
  const { rows } = await database.query<Listed>(
    // A failure's findings are shown with the job itself.
    `select ${stateColumns}, s.error - 'findings' as error, j.algorithm, j.target, e.result -> 'metrics' as metrics
     from unnest($2::text[]) with ordinality as wanted (job_id, place)
     join training.jobs j on j.job_id = wanted.job_id
     join training.job_states s on s.job_id = j.job_id and ${asOf('$1', 's')}
     left join training.stage_results e on e.job_id = j.job_id and e.stage = 'evaluate' and e.finished_seq <= $1
     order by wanted.place`,
    [seq, ids],
  );
  return rows.map((row) => ({
    ...fieldsOf(row, row.metrics ?? undefined),
    algorithm: row.algorithm,
    target: row.target,
  }));
}

function fieldsOf(row: StateRow, metrics: api.JobView['metrics']): Omit<api.JobSummary, 'algorithm' | 'target'> {
  const { job_id, model, status, stage, model_version, error, requested_at, requested_by } = row;
  return {
    ...{ job_id, model, status, stage, progress: progressOf(row) },
    ...(metrics === undefined ? {} : { metrics }),
    ...(model_version === null ? {} : { model_version }),
    ...(error === null ? {} : { error }),
    ...{ requested_at, requested_by },
    ...(row.started_at === null ? {} : { started_at: row.started_at }),
    ...(row.finished_at === null ? {} : { finished_at: row.finished_at }),
  };
}

/** Every stage counts alike: how long one will take is not known before it is done. */
function progressOf({ stage, claims, searches, progress }: StateRow): number {
  if (stage === null) return claims === 0 ? 0 : 1;
  const stages = stagesWith(searches);
  return (stages.indexOf(stage) + progress) / stages.length;
}

function stageView(stage: TrainingStage, row: StateRow, finished: readonly ResultRow[]): api.JobView['stages'][number] {
  const done = finished.find((each) => each.stage === stage);
  if (done !== undefined)
    return { stage, status: 'finished', progress: 1, finished_at: done.finished_at, duration_s: done.duration_s };
  const isNext = stage === row.stage;
  const status =
    stage === 'search' && !row.searches ? 'skipped' : isNext && row.worker !== null ? 'running' : 'pending';
  return { stage, status, progress: isNext ? row.progress : 0, finished_at: null, duration_s: null };
}

const datasetOf = ({ dataset: { name, version } }: TrainingSpec): string | null =>
  name === null || version === null ? null : `${name}@${version}`;
