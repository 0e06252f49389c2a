import { z } from 'zod';

/** Positions are sequences of EVENTS. */
export const position = z.int().positive();

export const asOf = z
  .union(
    [
      z
        .string()
        .regex(/^seq:[1-9]\d{0,14}$/, 'a position is written seq:N')
        .transform((text) => ({ seq: Number(text.slice(4)) })),
      z.iso.datetime({ offset: true }).transform((text) => ({ at: Date.parse(text) })),
    ],
    { error: 'expected an ISO-8601 instant with its offset, for example 2026-11-23T12:00:00Z, or seq:N' },
  )
  .meta({ id: 'AsOf', description: 'A past moment: an ISO-8601 instant or seq:N' });
export type AsOf = z.infer<typeof asOf>;

/** In a query: a whole number in decimal digits. What JavaScript also reads as a number (0x10, 1e2, a blank) is none. */
export const wholeNumber = (from: number, to: number) =>
  z.preprocess((text, context) => {
    if (typeof text === 'string' && /^\d{1,16}$/.test(text)) return Number(text);
    context.addIssue({ code: 'custom', message: 'expected a whole number in decimal digits' });
    return z.NEVER;
  }, z.int().min(from).max(to));

export const readQuery = z.object({
  as_of: asOf.optional(),
  min_seq: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
});
export const listQuery = readQuery.extend({
  limit: wholeNumber(1, 500).default(50),
  cursor: z.string().min(1).max(6144).optional(),
});

/** A list that can be narrowed and ordered: `metrics.auc > 0.9 and stage = "production"`, `metrics.auc desc, name`. */
export const searchQuery = listQuery.extend({
  filter: z.string().min(1).max(4096).optional(),
  order_by: z.string().min(1).max(512).optional(),
});

export const accepted = { event_id: z.uuid(), seq: position };
export const asOfSeq = { as_of_seq: z.int().nonnegative() };

export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable(), ...asOfSeq });

export const idempotencyKey = z.string().min(1).max(255);
