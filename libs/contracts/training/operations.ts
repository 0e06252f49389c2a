import { z } from 'zod';
import { trial } from './search.js';
import { trainingStage } from './spec.js';

/** A line of a job's log, on OPERATIONS. */
export const jobLogLine = z.object({
  at: z.string(),
  stage: trainingStage.nullable(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string().max(8192),
  worker: z.string(),
});
export type JobLogLine = z.infer<typeof jobLogLine>;

/** A trial that ended, on OPERATIONS. The first of an index counts. */
export const recordedTrial = trial.extend({ at: z.string(), worker: z.string() });
export type RecordedTrial = z.infer<typeof recordedTrial>;
