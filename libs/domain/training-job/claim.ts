import { rejection, type Rejection, type TrainingEvent } from '#libs/contracts/index.js';
import { accept, laterBy, reject, type DecidedBy, type Result } from '#libs/kernel/index.js';
import type { ClaimJob, ExpireClaim, FinishStage, Progress, Release } from './commands.js';
import { nextStage } from './stages.js';
import type { Claim } from './state.js';
import type { RunningJob } from './training-job.js';

type Decision = Result<TrainingEvent, Rejection>;

/**
 * A claim is taken by the worker's name: one that was restarted is another incarnation of it, and the former one is dead.
 * Should both live, the later claim counts, and the former worker's next word is refused.
 */
export function claimJob(command: ClaimJob, job: RunningJob, by: DecidedBy): Decision {
  const { requested, claim, claims, attempts, results } = job;
  const { job_id, spec } = requested;
  if (claim !== null && (claim.worker !== command.worker || claim.incarnation === command.incarnation))
    return reject(rejection('job_claimed', `${claim.worker} has job ${job_id} until ${claim.expires_at}`));
  const stage = nextStage(spec, results);
  if (stage === null) return reject(rejection('job_ended', `job ${job_id} has finished its stages`));
  if (attempts >= spec.max_attempts)
    return accept({
      type: 'TrainingFailed',
      data: {
        job_id,
        stage,
        code: 'too_many_attempts',
        message: `${attempts} workers in a row took the job and did not finish stage '${stage}'`,
      },
    });
  return accept({
    type: 'TrainingClaimed',
    data: {
      job_id,
      claim: claims + 1,
      worker: command.worker,
      incarnation: command.incarnation,
      stage,
      expires_at: laterBy(by.at, spec.claim_s * 1000),
    },
  });
}

export function progress(command: Progress, job: RunningJob, by: DecidedBy): Decision {
  const held = heldClaim(command.claim, job);
  if (!held.ok) return held;
  const { job_id, spec } = job.requested;
  const { stage } = held.value;
  // A word that was on its way while the stage finished still says that the worker lives.
  const done = command.stage === stage ? command.progress : 0;
  const expires_at = laterBy(by.at, spec.claim_s * 1000);
  return accept({
    type: 'TrainingProgressed',
    data: { job_id, claim: command.claim, stage, progress: done, expires_at },
  });
}

export function finishStage(command: FinishStage, job: RunningJob, by: DecidedBy): Decision {
  const held = heldClaim(command.claim, job);
  if (!held.ok) return held;
  const { job_id, spec } = job.requested;
  const stage = nextStage(spec, job.results);
  if (stage !== command.result.stage)
    return reject(
      rejection('claim_lost', `the next stage of job ${job_id} is ${stage ?? 'none'}, not ${command.result.stage}`),
    );
  return accept({
    type: 'TrainingStageFinished',
    data: {
      job_id,
      claim: command.claim,
      result: command.result,
      duration_s: command.duration_s,
      expires_at: laterBy(by.at, spec.claim_s * 1000),
    },
  });
}

export function release(command: Release, job: RunningJob): Decision {
  const held = heldClaim(command.claim, job);
  if (!held.ok) return held;
  return accept({
    type: 'TrainingReleased',
    data: { job_id: job.requested.job_id, claim: command.claim, reason: command.reason },
  });
}

/** The claim's own instant counts, not the timer's: a worker that was heard of meanwhile keeps the job. */
export function expireClaim(command: ExpireClaim, job: RunningJob, by: DecidedBy): Decision {
  const held = heldClaim(command.claim, job);
  if (!held.ok) return held;
  const { expires_at } = held.value;
  const { job_id } = job.requested;
  // Instants of the product are written alike, so their text has their order.
  if (by.at < expires_at)
    return reject(rejection('claim_not_expired', `claim ${command.claim} of job ${job_id} holds until ${expires_at}`));
  return accept({ type: 'TrainingReleased', data: { job_id, claim: command.claim, reason: 'expired' } });
}

export function heldClaim(number: number, { requested, claim }: RunningJob): Result<Claim, Rejection> {
  if (claim?.number === number) return accept(claim);
  const now = claim === null ? 'nobody has it' : `${claim.worker} has it by claim ${claim.number}`;
  return reject(rejection('claim_lost', `claim ${number} of job ${requested.job_id} is over: ${now}`));
}
