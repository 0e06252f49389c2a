import type { Chunk } from '#libs/contracts/index.js';
import type { RowSelection } from '#libs/statistics/index.js';

/** The rows of one version in a chunk, ascending. */
export interface VersionRows {
  readonly model: string;
  readonly version: string;
  readonly rows: RowSelection;
}

/** By version, in the order of the chunk's arms; versions without a row are left out. */
export function versionRows({ schema, arm, served, failed, refused }: Chunk): VersionRows[] {
  const all = served + failed + refused;
  const [first] = schema.arms;
  if (all === 0) return [];
  if (schema.arms.length === 1) return [{ model: first!.model, version: first!.version, rows: { from: 0, to: all } }];
  const places = new Map<string, number>();
  const placeOfArm = schema.arms.map(({ model, version }) => {
    const key = `${model}@${version}`;
    const place = places.get(key) ?? places.size;
    places.set(key, place);
    return place;
  });
  const counts = new Int32Array(places.size);
  for (let row = 0; row < all; row++) counts[placeOfArm[arm[row]!]!]!++;
  const lists = Array.from(counts, (count) => new Int32Array(count));
  const filled = new Int32Array(places.size);
  for (let row = 0; row < all; row++) {
    const place = placeOfArm[arm[row]!]!;
    lists[place]![filled[place]!++] = row;
  }
  return lists.flatMap((rows, place) => {
    const { model, version } = schema.arms[placeOfArm.indexOf(place)]!;
    return rows.length === 0 ? [] : [{ model, version, rows }];
  });
}

export const countOf = (rows: RowSelection): number => (rows instanceof Int32Array ? rows.length : rows.to - rows.from);

/** The row at a place of the selection. */
export const rowAt = (rows: RowSelection, place: number): number =>
  rows instanceof Int32Array ? rows[place]! : rows.from + place;

/** From one place of the selection until before another. */
export const sliceOf = (rows: RowSelection, from: number, to: number): RowSelection =>
  rows instanceof Int32Array ? rows.subarray(from, to) : { from: rows.from + from, to: rows.from + to };

/** How many of the selected rows stand before a row of the chunk. */
export function countBefore(rows: RowSelection, row: number): number {
  if (!(rows instanceof Int32Array)) return Math.min(Math.max(row - rows.from, 0), rows.to - rows.from);
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
