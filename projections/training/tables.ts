/** The tables of schema.sql, and the rows that the fold reads back. */
import type { api, TrainingStage } from '#libs/contracts/index.js';
import { current, temporal } from '#libs/projecting/index.js';

export const jobs = current({
  name: 'jobs',
  key: ['job_id'],
  columns: {
    job_id: 'text',
    model: 'text',
    target: 'text',
    algorithm: 'text',
    dataset: 'text',
    spec: 'jsonb',
    requested_seq: 'bigint',
    requested_at: 'text',
    requested_by: 'text',
  },
});

export const jobStates = temporal({
  name: 'job_states',
  key: ['job_id'],
  columns: {
    job_id: 'text',
    status: 'text',
    stage: 'text',
    progress: 'double precision',
    searches: 'boolean',
    worker: 'text',
    claims: 'integer',
    started_at: 'text',
    finished_at: 'text',
    model_version: 'text',
    error: 'jsonb',
    not_registered: 'jsonb',
  },
});

export interface JobStateRow {
  readonly job_id: string;
  readonly status: api.JobStatus;
  readonly stage: TrainingStage | null;
  readonly progress: number;
  readonly searches: boolean;
  readonly worker: string | null;
  readonly claims: number;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly model_version: string | null;
  readonly error: NonNullable<api.JobView['error']> | null;
  readonly not_registered: readonly string[];
}

export const stageResults = current({
  name: 'stage_results',
  key: ['job_id', 'stage'],
  columns: {
    job_id: 'text',
    stage: 'text',
    finished_seq: 'bigint',
    finished_at: 'text',
    duration_s: 'double precision',
    result: 'jsonb',
  },
});

export const datasets = current({
  name: 'datasets',
  key: ['dataset'],
  columns: { dataset: 'text', created_seq: 'bigint', created_at: 'text' },
});

export const datasetVersions = current({
  name: 'dataset_versions',
  key: ['dataset', 'version'],
  columns: {
    dataset: 'text',
    version: 'text',
    digest: 'text',
    source: 'jsonb',
    format: 'text',
    bytes: 'bigint',
    rows: 'bigint',
    schema: 'jsonb',
    profile: 'text',
    description: 'text',
    created_at: 'text',
    created_by: 'text',
    seq: 'bigint',
  },
});

export const tables = [jobs, jobStates, stageResults, datasets, datasetVersions];
