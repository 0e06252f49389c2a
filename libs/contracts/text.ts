import type { z } from 'zod';

/** Whether UTF-8 and PostgreSQL can hold the text: no half of a surrogate pair, no U+0000. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');

/** Refuses what cannot be recorded: every string inside the value counts, names of its fields too. */
export const storable = <Schema extends z.ZodType>(schema: Schema): Schema =>
  schema.superRefine((value, context) => {
    for (const path of unstorable(value, [])) context.addIssue({ code: 'custom', path, message: expected });
  });

const expected = 'expected text without U+0000 and without half a surrogate pair';

type Path = readonly (string | number)[];

function unstorable(value: unknown, at: Path): (string | number)[][] {
  if (typeof value === 'string') return isStorable(value) ? [] : [[...at]];
  if (Array.isArray(value)) return value.flatMap((item, index) => unstorable(item, [...at, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const path = [...at, key];
    return isStorable(key) ? unstorable(member, path) : [path];
  });
}
