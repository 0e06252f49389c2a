import { z } from 'zod';
import { isStorable, rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';

/** Where a list goes on. All pages of a walk are of the same moment: nothing is missed or shown twice. */
export interface Cursor {
  /** Name of the list that made it. */
  readonly list: string;
  /** EVENTS sequence of the first page. */
  readonly seq: number;
  /** Key of the last item shown. */
  readonly after: string;
}

const cursor = z.tuple([z.string(), z.int().nonnegative(), z.string().refine(isStorable)]);

export const cursorOf = ({ list, seq, after }: Cursor): string =>
  Buffer.from(JSON.stringify([list, seq, after])).toString('base64url');

export function readCursor(list: string, text: string): Result<Cursor, Rejection> {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return refused(list);
  }
  const parsed = cursor.safeParse(json);
  if (!parsed.success || parsed.data[0] !== list) return refused(list);
  return accept({ list, seq: parsed.data[1], after: parsed.data[2] });
}

const refused = (list: string): Result<Cursor, Rejection> =>
  reject(
    rejection('invalid_cursor', `the cursor was not made by the list of ${list}`, [
      { path: 'cursor', message: "expected a page's next_cursor, unchanged" },
    ]),
  );
