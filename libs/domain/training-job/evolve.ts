import type { TrainingEvent } from '#libs/contracts/index.js';
import { assertNever, type Origin } from '#libs/kernel/index.js';
import { nextStage } from './stages.js';
import type { TrainingJobState } from './state.js';

export function evolve(state: TrainingJobState, event: TrainingEvent, origin: Origin): TrainingJobState {
  switch (event.type) {
    case 'TrainingRequested': {
      const { job_id, spec } = event.data;
      return { ...state, requested: { job_id, spec, at: origin.at, actor: origin.actor, seq: origin.seq } };
    }
    case 'TrainingClaimed': {
      const { claim: number, worker, incarnation, stage, expires_at } = event.data;
      return {
        ...state,
        claim: { number, worker, incarnation, stage, expires_at },
        claims: number,
        attempts: state.attempts + 1,
      };
    }
    case 'TrainingProgressed':
      return { ...state, claim: state.claim && { ...state.claim, expires_at: event.data.expires_at } };
    case 'TrainingStageFinished': {
      const results = [...state.results, event.data.result];
      const stage = state.requested && nextStage(state.requested.spec, results);
      // Behind the last stage there is nothing left to claim: the job waits to be concluded.
      const claim = stage && state.claim && { ...state.claim, stage, expires_at: event.data.expires_at };
      return { ...state, results, claim, attempts: 1 };
    }
    case 'TrainingReleased':
      // Who gives it back in order has not failed at it.
      return { ...state, claim: null, attempts: state.attempts - (event.data.reason === 'shutdown' ? 1 : 0) };
    case 'TrainingSucceeded':
      return { ...state, claim: null, ended: 'succeeded' };
    case 'TrainingFailed':
      return { ...state, claim: null, ended: 'failed' };
    case 'TrainingCancelled':
      return { ...state, claim: null, ended: 'cancelled' };
    default:
      return assertNever(event, 'training event');
  }
}
