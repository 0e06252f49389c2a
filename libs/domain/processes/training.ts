/**
 * The life of a training job beside its workers: claims that run out, the job's time limit, and, once its stages have
 * finished, the registration of the version.
 */
import { z } from 'zod';
import type { TrainingEvent } from '#libs/contracts/index.js';
import { assertNever, laterBy, type Process, type Reaction } from '#libs/kernel/index.js';

export const trainingProcessState = z.object({
  /** The claim that a timer watches, and when it expires; null: none. */
  claim: z.object({ number: z.int(), expires_at: z.string() }).nullable(),
  /** Nothing is left for workers: the version is being registered, or the job is being concluded. */
  concluding: z.boolean(),
});
export type TrainingProcessState = z.infer<typeof trainingProcessState>;

export const trainingProcessCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ExpireClaim'), job_id: z.uuid(), claim: z.int() }),
  z.object({ type: z.literal('TimeOut'), job_id: z.uuid() }),
  z.object({ type: z.literal('RegisterTrainedVersion'), job_id: z.uuid() }),
  z.object({
    type: z.literal('ConcludeJob'),
    job_id: z.uuid(),
    registered: z.object({ model: z.string(), version: z.string(), seq: z.int() }).nullable(),
    reasons: z.array(z.string()),
  }),
  z.object({ type: z.literal('FailJob'), job_id: z.uuid(), code: z.string(), message: z.string() }),
]);
export type TrainingProcessCommand = z.infer<typeof trainingProcessCommand>;

/** What an accepted RegisterTrainedVersion results in. */
const registered = z.object({ model: z.string(), version: z.string() });

/** The names of timers. */
const claimTimer = 'claim';
const limitTimer = 'limit';

type Reacts = Reaction<TrainingProcessCommand> | null;

export const trainingProcess: Process<TrainingEvent, TrainingProcessState, TrainingProcessCommand> = {
  name: 'training',
  initialState: { claim: null, concluding: false },
  idOf: (event) => event.data.job_id,
  react(message, state, at, id) {
    switch (message.kind) {
      case 'event':
        return onEvent(message.event, at);
      case 'timer':
        return onTimer(message.name, state, id);
      case 'settlement':
        return onSettlement(message, state, at, id);
      default:
        return assertNever(message, 'process message');
    }
  },
  evolve(state, message) {
    if (message.kind !== 'event') return state;
    const { type, data } = message.event;
    switch (type) {
      case 'TrainingClaimed':
      case 'TrainingProgressed':
        return { ...state, claim: { number: data.claim, expires_at: data.expires_at } };
      case 'TrainingStageFinished':
        return data.result.stage === 'package'
          ? { claim: null, concluding: true }
          : { ...state, claim: { number: data.claim, expires_at: data.expires_at } };
      case 'TrainingReleased':
        return { ...state, claim: null };
      case 'TrainingRequested':
      case 'TrainingSucceeded':
      case 'TrainingFailed':
      case 'TrainingCancelled':
        return state;
      default:
        return assertNever(type, 'training event');
    }
  },
};

function onEvent({ type, data }: TrainingEvent, at: string): Reacts {
  switch (type) {
    case 'TrainingRequested':
      return { timers: { [limitTimer]: laterBy(at, data.spec.timeout_s * 1000) } };
    case 'TrainingClaimed':
    case 'TrainingProgressed':
      return { timers: { [claimTimer]: data.expires_at } };
    case 'TrainingStageFinished':
      return data.result.stage === 'package'
        ? { timers: { [claimTimer]: null }, commands: [conclusion(data.job_id, data.result.gate)] }
        : { timers: { [claimTimer]: data.expires_at } };
    case 'TrainingReleased':
      return { timers: { [claimTimer]: null } };
    case 'TrainingSucceeded':
      return { ended: 'succeeded' };
    case 'TrainingFailed':
      return { ended: `failed: ${data.code}` };
    case 'TrainingCancelled':
      return { ended: 'cancelled' };
    default:
      return assertNever(type, 'training event');
  }
}

const conclusion = (job_id: string, gate: { passed: boolean; reasons: readonly string[] }): TrainingProcessCommand =>
  gate.passed
    ? { type: 'RegisterTrainedVersion', job_id }
    : { type: 'ConcludeJob', job_id, registered: null, reasons: [...gate.reasons] };

function onTimer(name: string, { claim, concluding }: TrainingProcessState, job_id: string): Reacts {
  // What is being concluded ends by itself: a limit that struck now would leave a registered version of a failed job.
  if (concluding) return {};
  if (name === limitTimer) return { commands: [{ type: 'TimeOut', job_id }] };
  return claim === null ? {} : { commands: [{ type: 'ExpireClaim', job_id, claim: claim.number }] };
}

type Settlement = Extract<Parameters<typeof trainingProcess.react>[0], { kind: 'settlement' }>;

function onSettlement(
  { command, outcome }: Settlement,
  { claim }: TrainingProcessState,
  at: string,
  job_id: string,
): Reacts {
  if (command.type === 'ExpireClaim') {
    const holds = outcome.status === 'rejected' && outcome.code === 'claim_not_expired';
    if (!holds || claim?.number !== command.claim) return {};
    // Where this process knows of nothing later, the clock it was told by is ahead of the one that decides.
    const soon = laterBy(at, retryMs);
    return { timers: { [claimTimer]: claim.expires_at > soon ? claim.expires_at : soon } };
  }
  if (command.type !== 'RegisterTrainedVersion') return {};
  if (outcome.status === 'rejected')
    return { commands: [{ type: 'FailJob', job_id, code: outcome.code, message: outcome.detail }] };
  const { model, version } = registered.parse(outcome.result);
  return {
    commands: [{ type: 'ConcludeJob', job_id, registered: { model, version, seq: outcome.seq }, reasons: [] }],
  };
}

const retryMs = 1_000;
