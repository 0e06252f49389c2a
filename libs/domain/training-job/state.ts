/** What later decisions need to know of a training job. */
import { z } from 'zod';
import { jobId, stageResult, trainingSpec, trainingStage } from '#libs/contracts/index.js';

const claim = z.object({
  number: z.int(),
  worker: z.string(),
  incarnation: z.uuid(),
  stage: trainingStage,
  expires_at: z.string(),
});
export type Claim = z.infer<typeof claim>;

export const trainingJobState = z.object({
  /** null: nothing was requested under this id. */
  requested: z
    .object({ job_id: jobId, spec: trainingSpec, at: z.string(), actor: z.string(), seq: z.int() })
    .nullable(),
  /** The worker that has it; null: it waits for one. */
  claim: claim.nullable(),
  /** How many claims there were. */
  claims: z.int(),
  /** Of them, those since the last finished stage. */
  attempts: z.int(),
  /** What the finished stages left, in their order. */
  results: z.array(stageResult),
  ended: z.enum(['succeeded', 'failed', 'cancelled']).nullable(),
});
export type TrainingJobState = z.infer<typeof trainingJobState>;

export const initialTrainingJob: TrainingJobState = {
  requested: null,
  claim: null,
  claims: 0,
  attempts: 0,
  results: [],
  ended: null,
};
