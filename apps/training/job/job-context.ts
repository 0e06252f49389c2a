import type { TrainingSpec } from '#libs/contracts/index.js';
import type { ComputePool } from '../compute/compute-pool.js';
import type { JobData } from '../data/job-data.js';
import type { WorkerOptions } from '../worker/worker-options.js';
import type { JobLog } from './job-log.js';
import type { StageResults } from './stage-results.js';

/** What the stages of a job work with. */
export interface JobContext {
  readonly jobId: string;
  readonly spec: TrainingSpec;
  /** What the finished stages left. */
  readonly results: StageResults;
  readonly data: JobData;
  readonly compute: ComputePool;
  readonly log: JobLog;
  readonly options: WorkerOptions;
  /** The job's own, gone when it ends. */
  readonly folder: string;
  /** Aborts when the job is no longer this worker's. */
  readonly signal: AbortSignal;
  /** Of the stage, 0 to 1. */
  readonly progress: (share: number) => void;
}
