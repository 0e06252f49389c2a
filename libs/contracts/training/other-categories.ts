/** Categories of a baseline's column that its profile has no room for: a value is unseen only where it is none of them either. */
import { z } from 'zod';

export const otherCategories = z.object({
  /** `textHash` of each, ascending, as little-endian words in base64: an unseen text in 80,000 is taken for one of 50,000. */
  hashes: z.base64().refine((text) => Buffer.from(text, 'base64').length % 4 === 0, 'expected words of four bytes'),
  /** Categories of the column that came once: so many of its rows are what a reference has not seen before (Good 1953). */
  once: z.int().nonnegative(),
});
export type OtherCategories = z.infer<typeof otherCategories>;
