/** Lists that can be narrowed and ordered: how they are asked, and where their pages go on. */
import type { Rejection } from '#libs/contracts/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import { readSearchCursor, searchCursorOf, type Search } from './cursor.js';
import { parseFilter, type Filter } from './filter/parse-filter.js';
import type { FilterSchema } from './filter/schema.js';
import { parseOrder, sortValuesOf, type Sort, type SortKey, type SortValues } from './filter/sort.js';
import type { ReadAt } from './reader.js';

/** As `api.searchQuery` gives it. */
export interface SearchAt extends ReadAt {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly filter?: string | undefined;
  readonly order_by?: string | undefined;
}

/** A search that can be carried out. */
export interface Asked {
  readonly search: Search;
  readonly filter: Filter | undefined;
  readonly sort: Sort;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: SortValues | undefined;
  /** The moment of the first page: all pages are of the same. */
  readonly moment: ReadAt;
}

export interface Searched {
  readonly list: string;
  readonly filter: FilterSchema;
  readonly order: FilterSchema;
  /** An `order_by` for where none is given; left out: by the keys alone. */
  readonly defaultOrder?: string;
  /** What the list is ordered by where nothing else is said, and where that is equal. */
  readonly keys: readonly SortKey[];
}

/** Refuses with `invalid_filter`, `invalid_order` or `invalid_cursor`. */
export function readSearch(searched: Searched, at: SearchAt): Result<Asked, Rejection> {
  const { limit, cursor, filter: filterText, order_by = searched.defaultOrder, ...moment } = at;
  const search: Search = { list: searched.list, filter: filterText, order_by };
  const filter = filterText === undefined ? accept(undefined) : parseFilter(filterText, searched.filter);
  if (!filter.ok) return filter;
  const order = order_by === undefined ? accept([]) : parseOrder(order_by, searched.order);
  if (!order.ok) return order;
  const sort: Sort = { order: order.value, keys: searched.keys };
  if (cursor === undefined) return accept({ search, filter: filter.value, sort, limit, after: undefined, moment });
  const from = readSearchCursor(search, sort, cursor);
  if (!from.ok) return from;
  const { seq, after } = from.value;
  return accept({ search, filter: filter.value, sort, limit, after, moment: { as_of: { seq } } });
}

/** Rows found, one more than the page shows where there are more. */
export function pageOf<Row extends Readonly<Record<string, unknown>>>(
  { search, sort, limit }: Asked,
  found: readonly Row[],
  seq: number,
): { readonly rows: readonly Row[]; readonly next_cursor: string | null } {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const next_cursor =
    found.length > limit && last !== undefined
      ? searchCursorOf(search, { seq, after: sortValuesOf(sort, last) })
      : null;
  return { rows, next_cursor };
}
