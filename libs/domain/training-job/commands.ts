import type { DataFinding, StageResult, TrainingSpec, TrainingStage } from '#libs/contracts/index.js';

export interface RequestTraining {
  readonly type: 'RequestTraining';
  /** Derives from the command's id, so that a repeat meets the same job. */
  readonly job_id: string;
  readonly spec: TrainingSpec;
}

/** A worker takes a job that waits, or takes back one that it had before it was restarted. */
export interface ClaimJob {
  readonly type: 'ClaimJob';
  readonly worker: string;
  /** Of the worker's process. */
  readonly incarnation: string;
}

/** What the worker that holds a claim says of the job. */
interface Claimed {
  readonly claim: number;
}
export interface Progress extends Claimed {
  readonly type: 'Progress';
  readonly stage: TrainingStage;
  /** Of the stage, 0 to 1. */
  readonly progress: number;
}
export interface FinishStage extends Claimed {
  readonly type: 'FinishStage';
  readonly result: StageResult;
  readonly duration_s: number;
}
export interface Release extends Claimed {
  readonly type: 'Release';
  /** `error`: something failed that is not the job's doing, and counts as an attempt. */
  readonly reason: 'shutdown' | 'error';
}
/** The job cannot be done: a worker says so of its claim; `claim` left out: a process manager. */
export interface FailJob {
  readonly type: 'FailJob';
  readonly claim?: number;
  readonly code: string;
  readonly message: string;
  readonly findings?: readonly DataFinding[];
}

/** A claim has run out: the job waits for another worker. */
export interface ExpireClaim extends Claimed {
  readonly type: 'ExpireClaim';
}
export interface TimeOut {
  readonly type: 'TimeOut';
}
/** All stages have finished, and the version is registered or will not be. */
export interface ConcludeJob {
  readonly type: 'ConcludeJob';
  readonly registered: { readonly model: string; readonly version: string; readonly seq: number } | null;
  readonly reasons: readonly string[];
}
export interface CancelTraining {
  readonly type: 'CancelTraining';
  readonly reason: string;
}

export type TrainingJobCommand =
  | RequestTraining
  | ClaimJob
  | Progress
  | FinishStage
  | Release
  | FailJob
  | ExpireClaim
  | TimeOut
  | ConcludeJob
  | CancelTraining;
