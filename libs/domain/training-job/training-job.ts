/**
 * A training job: requested once, done by one worker at a time, stage by stage, and ended once. Its worker holds a claim
 * that expires unless the worker is heard of; whoever claims it next goes on behind the last finished stage.
 * state.ts → commands.ts → claim.ts (what workers do) → evolve.ts.
 */
import {
  catalogueOf,
  rejection,
  subjects,
  trainingEvents,
  type Rejection,
  type TrainingEvent,
} from '#libs/contracts/index.js';
import { accept, assertNever, reject, type Decider, type Result } from '#libs/kernel/index.js';
import { claimJob, expireClaim, finishStage, heldClaim, progress, release } from './claim.js';
import type { ConcludeJob, FailJob, RequestTraining, TrainingJobCommand } from './commands.js';
import { evolve } from './evolve.js';
import { nextStage } from './stages.js';
import { initialTrainingJob, trainingJobState, type TrainingJobState } from './state.js';

/** A job that was requested and has not ended. */
export type RunningJob = TrainingJobState & { readonly requested: NonNullable<TrainingJobState['requested']> };

export const trainingJob: Decider<TrainingJobCommand, TrainingJobState, TrainingEvent, Rejection> = {
  initialState: initialTrainingJob,
  decide(command, state, by) {
    if (command.type === 'RequestTraining') return request(command, state);
    const found = runningJob(state);
    if (!found.ok) return found;
    const job = found.value;
    switch (command.type) {
      case 'ClaimJob':
        return claimJob(command, job, by);
      case 'Progress':
        return progress(command, job, by);
      case 'FinishStage':
        return finishStage(command, job, by);
      case 'Release':
        return release(command, job);
      case 'ExpireClaim':
        return expireClaim(command, job, by);
      case 'FailJob':
        return fail(command, job);
      case 'TimeOut':
        return cutOff(job, () =>
          failed(job, 'timed_out', `the job did not end within ${job.requested.spec.timeout_s} s`),
        );
      case 'ConcludeJob':
        return conclude(command, job);
      case 'CancelTraining':
        return cutOff(job, () =>
          accept({ type: 'TrainingCancelled', data: { job_id: job.requested.job_id, reason: command.reason } }),
        );
      default:
        return assertNever(command, 'training job command');
    }
  },
  evolve,
};

function request({ job_id, spec }: RequestTraining, state: TrainingJobState): Result<TrainingEvent, Rejection> {
  if (state.requested !== null) return reject(rejection('no_change', `job ${job_id} was requested already`));
  return accept({ type: 'TrainingRequested', data: { job_id, spec } });
}

function runningJob(state: TrainingJobState): Result<RunningJob, Rejection> {
  const { requested, ended } = state;
  if (requested === null) return reject(rejection('job_not_found', 'no training job has this id'));
  if (ended !== null) return reject(rejection('job_ended', `job ${requested.job_id} has ended: ${ended}`));
  return accept({ ...state, requested });
}

/** Too late once the stages have finished: the version may be registered by now, and its job would not have succeeded. */
function cutOff(job: RunningJob, end: () => Result<TrainingEvent, Rejection>): Result<TrainingEvent, Rejection> {
  const { job_id, spec } = job.requested;
  if (nextStage(spec, job.results) !== null) return end();
  return reject(rejection('job_ended', `job ${job_id} has finished its stages and is being concluded`));
}

function fail({ claim, code, message, findings }: FailJob, job: RunningJob): Result<TrainingEvent, Rejection> {
  if (claim !== undefined) {
    const held = heldClaim(claim, job);
    if (!held.ok) return held;
  }
  return failed(job, code, message, findings);
}

function failed(
  { requested, results }: RunningJob,
  code: string,
  message: string,
  findings?: FailJob['findings'],
): Result<TrainingEvent, Rejection> {
  return accept({
    type: 'TrainingFailed',
    data: {
      job_id: requested.job_id,
      stage: nextStage(requested.spec, results),
      code,
      message: storableText(message),
      ...(findings === undefined ? {} : { findings: findings.slice(0, mostFindings) }),
    },
  });
}

/** What an event and a read model can hold: who fails a job passes on what others say, a trainer's output among it. */
const storableText = (text: string): string => text.slice(0, 8192).toWellFormed().replaceAll('\u0000', '\ufffd');
const mostFindings = 200;

function conclude({ registered, reasons }: ConcludeJob, job: RunningJob): Result<TrainingEvent, Rejection> {
  const { job_id, spec } = job.requested;
  const open = nextStage(spec, job.results);
  if (open !== null) return reject(rejection('claim_lost', `job ${job_id} has not finished stage '${open}'`));
  return accept({
    type: 'TrainingSucceeded',
    data: { job_id, registered: registered && { ...registered }, reasons: [...reasons] },
  });
}

export const trainingJobDefinition = {
  category: 'training-job',
  subjectOf: subjects.trainingJob,
  decider: trainingJob,
  catalogue: catalogueOf(trainingEvents),
  snapshot: {
    version: 1,
    encode: (state: TrainingJobState): unknown => state,
    decode: (stored: unknown): TrainingJobState => trainingJobState.parse(stored),
  },
} as const;
