import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageResult, TrainingStage } from '#libs/contracts/index.js';
import { nextStage } from '#libs/domain/index.js';
import { assertNever, messageOf, type Result } from '#libs/kernel/index.js';
import { ComputePool } from '../compute/compute-pool.js';
import { JobData } from '../data/job-data.js';
import { evaluate } from '../stages/evaluate.js';
import { ingest } from '../stages/ingest.js';
import { packageVersion } from '../stages/package-version.js';
import { search } from '../stages/search.js';
import { train } from '../stages/train.js';
import { validate } from '../stages/validate.js';
import { ClaimOver, type ClaimedJob, type HeldClaim } from '../worker/held-claim.js';
import type { WorkerOptions } from '../worker/worker-options.js';
import type { JobFailure } from './failure.js';
import type { JobContext } from './job-context.js';
import { JobLog } from './job-log.js';
import { StageResults } from './stage-results.js';

/**
 * Does the stages that are left, each recorded when it has finished; what cannot be done ends the job.
 * @throws ClaimOver when the job is no longer this worker's; what fails for a reason that is not the job's.
 */
export async function runJob(options: WorkerOptions, job: ClaimedJob, held: HeldClaim): Promise<void> {
  const { jobId, spec } = job;
  const { operations, clock, logger, artifacts, allowedUrls, folders, name } = options;
  const { signal } = held;
  const folder = join(folders.work, jobId);
  await mkdir(folder, { recursive: true });
  const log = new JobLog({ jobId, worker: name, operations, clock, logger, signal });
  const compute = new ComputePool({ program: options.computeProgram, threads: options.threads });
  const results = new StageResults(job.results);
  const from = { artifacts, datasets: folders.datasets, allowedUrls, folder, signal };
  const data = new JobData(spec, results, from, compute);
  const endThreads = (): void => void compute.close();
  signal.addEventListener('abort', endThreads, { once: true });
  try {
    for (let stage = nextStage(spec, results.all()); stage !== null; stage = nextStage(spec, results.all())) {
      signal.throwIfAborted();
      const current = stage;
      const progress = (share: number): void => {
        held.report(current, share);
      };
      const context: JobContext = { jobId, spec, results, data, compute, log, options, folder, signal, progress };
      const goesOn = await doStage(stage, context, held);
      if (!goesOn) return;
    }
    log.stage = null;
    log.info('all stages have finished');
  } catch (error) {
    if (!signal.aborted && !(error instanceof ClaimOver)) log.error(`the worker failed: ${messageOf(error)}`);
    throw error;
  } finally {
    signal.removeEventListener('abort', endThreads);
    await compute.close();
    await log.written();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A message holds 1 MiB: the step of a process that is told of the stage holds its event and more,
 * and what is registered holds the signature beside metrics, tags and a description. */
const mostResultBytes = 900_000;

/** @returns false when the job has ended with this stage */
async function doStage(stage: TrainingStage, context: JobContext, held: HeldClaim): Promise<boolean> {
  const { log, options, signal, results } = context;
  const beganMs = options.clock.monotonic();
  log.stage = stage;
  log.info(`${stage} begins`);
  context.progress(0);
  const outcome = await resultOf(stage, context);
  signal.throwIfAborted();
  if (!outcome.ok) {
    await endWith(outcome.rejection, log, held);
    return false;
  }
  const durationS = (options.clock.monotonic() - beganMs) / 1000;
  log.info(`${stage} has finished after ${durationS.toFixed(1)} s`);
  await log.written();
  if (Buffer.byteLength(JSON.stringify(outcome.value)) > mostResultBytes) {
    const message = `what stage '${stage}' found is more than an event of the log may hold: use fewer columns`;
    await endWith({ code: 'event_too_large', message }, log, held);
    return false;
  }
  await held.finishStage(outcome.value, durationS);
  results.add(outcome.value);
  return true;
}

/** What the job says of itself comes before its end: who follows the log stops there. */
async function endWith({ code, message, findings }: JobFailure, log: JobLog, held: HeldClaim): Promise<void> {
  log.error(`${code}: ${message}`);
  await log.written();
  await held.fail(code, message, findings);
}

function resultOf(stage: TrainingStage, context: JobContext): Promise<Result<StageResult, JobFailure>> {
  switch (stage) {
    case 'ingest':
      return ingest(context);
    case 'validate':
      return validate(context);
    case 'search':
      return search(context);
    case 'train':
      return train(context);
    case 'evaluate':
      return evaluate(context);
    case 'package':
      return packageVersion(context);
    default:
      return assertNever(stage, 'training stage');
  }
}
