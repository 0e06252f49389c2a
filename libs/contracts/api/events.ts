import { z } from 'zod';
import { wholeNumber } from './common.js';

/** A governance event on the wire: CloudEvents names where it has them. */
export const eventView = z
  .object({
    seq: z.int(),
    id: z.string(),
    type: z.string(),
    event_version: z.int(),
    subject: z.string(),
    aggregate_version: z.int(),
    time: z.string(),
    stored_at: z.string(),
    actor: z.string(),
    command_id: z.string(),
    correlation_id: z.string(),
    causation_id: z.string().nullable(),
    config_seq: z.int().nullable(),
    prev_hash: z.string(),
    hash: z.string(),
    data: z.unknown(),
  })
  .meta({ id: 'Event' });
export type EventView = z.infer<typeof eventView>;

export const eventsQuery = z.object({
  from_seq: wholeNumber(1, Number.MAX_SAFE_INTEGER).default(1),
  limit: wholeNumber(1, 500).default(50),
  cursor: z.string().min(1).max(64).optional(),
  types: z
    .string()
    .max(1000)
    .refine((text) => text.split(',').every((type) => type !== ''), 'expected types of events, separated by commas')
    .transform((text) => text.split(','))
    .optional(),
  aggregate: z
    .string()
    .regex(/^[a-z-]+\/.+$/, 'an aggregate is written kind/name, for example model/fraud')
    .optional(),
});
export const eventPage = z
  .object({ items: z.array(eventView), next_cursor: z.string().nullable(), as_of_seq: z.int() })
  .meta({ id: 'EventPage' });
