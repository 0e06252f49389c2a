/** What each training event does to a job, and to what its stages left. */
import {
  trainingStages,
  type RecordedEvent,
  type TrainingEvent,
  type TrainingSpec,
  type TrainingStage,
} from '#libs/contracts/index.js';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import type { JobStateRow } from '../tables.js';

/** The state after an event; refuses, with a reason, one that the job's own rules would never have given. */
export function foldJob(
  known: JobStateRow | undefined,
  { event, meta }: RecordedEvent<TrainingEvent>,
): Result<JobStateRow, string> {
  if (event.type === 'TrainingRequested')
    return known === undefined ? accept(requested(event.data)) : reject(`job ${known.job_id} was requested already`);
  if (known === undefined) return reject(`job ${event.data.job_id} was never requested`);
  if (known.finished_at !== null) return reject(`job ${known.job_id} has ended`);
  switch (event.type) {
    case 'TrainingClaimed': {
      const { claim, worker, stage } = event.data;
      if (claim !== known.claims + 1) return reject(`claim ${claim} does not follow claim ${known.claims}`);
      const started_at = known.started_at ?? meta.at;
      return accept({ ...known, status: 'running', stage, progress: 0, worker, claims: claim, started_at });
    }
    case 'TrainingProgressed': {
      const { claim, stage, progress } = event.data;
      if (!isHeld(known, claim) || stage !== known.stage) return notHeld(claim);
      return accept({ ...known, progress: Math.floor(progress * 100) / 100 });
    }
    case 'TrainingStageFinished': {
      const { claim, result } = event.data;
      if (!isHeld(known, claim) || result.stage !== known.stage) return notHeld(claim);
      const stage = stageAfter(result.stage, known.searches);
      return accept({ ...known, stage, progress: 0, worker: stage === null ? null : known.worker });
    }
    case 'TrainingReleased':
      if (!isHeld(known, event.data.claim)) return notHeld(event.data.claim);
      return accept({ ...known, status: 'queued', worker: null, progress: 0 });
    case 'TrainingSucceeded': {
      const { registered, reasons } = event.data;
      if (known.status !== 'running' || known.stage !== null) return reject('its stages have not finished');
      const model_version = registered && `${registered.model}@${registered.version}`;
      return accept({ ...ended(known, meta.at), status: 'succeeded', model_version, not_registered: reasons });
    }
    case 'TrainingFailed': {
      const { stage, code, message, findings } = event.data;
      const error = { code, message, ...(findings === undefined ? {} : { findings }) };
      return accept({ ...ended(known, meta.at), status: 'failed', stage, error });
    }
    case 'TrainingCancelled':
      return accept({
        ...ended(known, meta.at),
        status: 'cancelled',
        error: { code: 'cancelled', message: event.data.reason },
      });
    default:
      return assertNever(event, 'training event');
  }
}

/** How lists and filters name what is trained. */
export const algorithmOf = ({ trainer }: TrainingSpec): string =>
  trainer.type === 'builtin' ? trainer.algorithm : `command:${trainer.name}`;

const requested = ({ job_id, spec }: Extract<TrainingEvent, { type: 'TrainingRequested' }>['data']): JobStateRow => ({
  job_id,
  status: 'queued',
  stage: null,
  progress: 0,
  searches: spec.search !== null,
  worker: null,
  claims: 0,
  started_at: null,
  finished_at: null,
  model_version: null,
  error: null,
  not_registered: [],
});

const ended = (known: JobStateRow, finished_at: string): JobStateRow => ({ ...known, worker: null, finished_at });

const isHeld = ({ worker, claims }: JobStateRow, claim: number): boolean => worker !== null && claims === claim;

const notHeld = (claim: number): Result<never, string> => reject(`claim ${claim} does not have this stage`);

/** The stages of a job that has a search, or has none, in their order. */
export const stagesWith = (searches: boolean): readonly TrainingStage[] =>
  trainingStages.filter((stage) => searches || stage !== 'search');

function stageAfter(stage: TrainingStage, searches: boolean): TrainingStage | null {
  const stages = stagesWith(searches);
  return stages[stages.indexOf(stage) + 1] ?? null;
}
