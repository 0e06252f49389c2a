import { z } from 'zod';
import { isStorable, rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, sha256Hex, type Result } from '#libs/kernel/index.js';
import { areSortValues, type Sort, type SortValues } from './filter/sort.js';

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
  const parsed = cursor.safeParse(decoded(text));
  if (!parsed.success || parsed.data[0] !== list) return refused(`the cursor was not made by the list of ${list}`);
  return accept({ list, seq: parsed.data[1], after: parsed.data[2] });
}

/** A list as it was asked for: with another filter or order its pages are others. */
export interface Search {
  /** Name of the list, with whatever else tells it from other lists: `versions of wine`. */
  readonly list: string;
  readonly filter?: string | undefined;
  readonly order_by?: string | undefined;
}

/** Where a search goes on. All its pages are of one moment. */
export interface SearchCursor {
  /** EVENTS sequence of the first page. */
  readonly seq: number;
  /** What the last row shown was sorted by (`sortValuesOf`). */
  readonly after: SortValues;
}

const searchCursor = z.tuple([z.string(), z.int().nonnegative(), z.array(z.unknown())]);

/** At most 6,144 characters, with keys of 512 bytes in all. */
export const searchCursorOf = (search: Search, { seq, after }: SearchCursor): string =>
  Buffer.from(JSON.stringify([fingerprintOf(search), seq, after])).toString('base64url');

/** Refuses with `invalid_cursor` what this search, with this filter and order, did not write. */
export function readSearchCursor(search: Search, sort: Sort, text: string): Result<SearchCursor, Rejection> {
  const parsed = searchCursor.safeParse(decoded(text));
  if (!parsed.success) return refused(`the cursor was not made by the list of ${search.list}`);
  const [fingerprint, seq, after] = parsed.data;
  if (fingerprint !== fingerprintOf(search) || !areSortValues(sort, after))
    return refused(`the cursor was not made by the list of ${search.list} with this filter and order`);
  return accept({ seq, after });
}

/** Tells searches apart; nobody has a use for forging it, since a cursor gives no more than the list does. */
const fingerprintOf = ({ list, filter = '', order_by = '' }: Search): string =>
  sha256Hex(Buffer.from(JSON.stringify([list, filter, order_by]))).slice(0, 16);

/** Undefined where the text is no cursor of any list. */
function decoded(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

const refused = (detail: string): { readonly ok: false; readonly rejection: Rejection } =>
  reject(
    rejection('invalid_cursor', detail, [{ path: 'cursor', message: "expected a page's next_cursor, unchanged" }]),
  );
