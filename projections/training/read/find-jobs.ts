/** Jobs that satisfy a filter. $1 is the sequence, `j` a job, `s` its state then. */
import { api, trainingStages } from '#libs/contracts/index.js';
import {
  asOf,
  filterSql,
  pageSql,
  type Asked,
  type FilterSchema,
  type Queryable,
  type Searched,
} from '#libs/projecting/index.js';

const fields: FilterSchema = {
  fields: {
    job_id: { type: 'text', sql: 'j.job_id' },
    model: { type: 'text', sql: 'j.model' },
    target: { type: 'text', sql: 'j.target' },
    algorithm: { type: 'text', sql: 'j.algorithm' },
    dataset: { type: 'text', sql: 'j.dataset' },
    status: { type: api.jobStatus.options, sql: 's.status' },
    stage: { type: trainingStages, sql: 's.stage' },
    worker: { type: 'text', sql: 's.worker' },
    model_version: { type: 'text', sql: 's.model_version' },
    error: { type: 'text', sql: `(s.error ->> 'code')` },
    requested_by: { type: 'text', sql: 'j.requested_by' },
    requested_at: { type: 'instant', sql: 'j.requested_at', indexed: true },
    started_at: { type: 'instant', sql: 's.started_at' },
    finished_at: { type: 'instant', sql: 's.finished_at' },
  },
  families: {
    metrics: {
      type: 'number',
      sql: (key) => `(select (e.result -> 'metrics' ->> ${key})::double precision from training.stage_results e
        where e.job_id = j.job_id and e.stage = 'evaluate' and e.finished_seq <= $1)`,
    },
  },
};

export interface JobsOf {
  readonly status?: api.JobStatus | undefined;
  readonly model?: string | undefined;
}

/** The newest first, where nothing else is said. */
export const searchedJobs = ({ status, model }: JobsOf): Searched => ({
  list: `training jobs ${JSON.stringify([status, model])}`,
  filter: fields,
  order: fields,
  defaultOrder: 'requested_at desc',
  keys: [{ sql: 'j.requested_seq', type: 'integer' }],
});

/** `job_id`, and what it is sorted by. */
export type FoundJob = Readonly<Record<string, unknown>> & { readonly job_id: string };

/** The jobs of a page, and one more where there are more. */
export async function findJobs(
  database: Queryable,
  { sort, filter, after, limit }: Asked,
  { status, model }: JobsOf,
  seq: number,
): Promise<readonly FoundJob[]> {
  const parameters: unknown[] = [seq];
  const page = pageSql(sort, after, parameters);
  const conditions = [
    'j.requested_seq <= $1',
    page.after,
    ...(filter === undefined ? [] : [filterSql(filter, parameters)]),
    ...(status === undefined ? [] : [`s.status = $${parameters.push(status)}`]),
    ...(model === undefined ? [] : [`j.model = $${parameters.push(model)}`]),
  ];
  const { rows } = await database.query<FoundJob>(
    `select j.job_id, ${page.columns}
     from training.jobs j join training.job_states s on s.job_id = j.job_id and ${asOf('$1', 's')}
     where ${conditions.join(' and ')} order by ${page.orderBy} limit ${limit + 1}`,
    parameters,
  );
  return rows;
}
