import { z } from 'zod';
import { storable } from '../text.js';

export const feedbackLimits = { items: 10_000, bytes: 16 * 1024 * 1024 } as const;

export const observation = z.strictObject({
  prediction_id: z.string().min(1).max(512),
  /** What was observed: the class as trained, or the number. */
  label: z.union([storable(z.string().max(1024)), z.number(), z.boolean()]),
  /** ISO-8601: of what moment it is (left out: now). Of several the newest counts. */
  observed_at: z.iso.datetime({ offset: true }).optional(),
});
export type Observation = z.infer<typeof observation>;

export const observations = z.strictObject({ items: z.array(observation).min(1).max(feedbackLimits.items) });

/** One observation, or many as `items`. */
export const feedback = z.union([observation, observations]).meta({ id: 'Feedback' });
export type Feedback = z.infer<typeof feedback>;

export const feedbackAccepted = z
  .object({
    /** Labels that are in the log now. */
    accepted: z.int(),
    /** Prediction ids that nothing is recorded under. */
    unknown: z.array(z.string()),
  })
  .meta({ id: 'FeedbackAccepted' });
