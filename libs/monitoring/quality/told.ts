import { mostColumnsTold } from '#libs/contracts/index.js';

/**
 * Bytes of the lists in a record: together with its other parts below a megabyte, the most that a message may be. Of drift
 * there are two lists, of features and of answers.
 */
export const roomOf = { columns: 240_000, issues: 140_000, drift: 150_000, open: 90_000 } as const;

/** Bytes of the issues of one event. */
const roomOfEvent = 200_000;

/** Those that a record has room for; where that is not all of them, those that say most, the first ones of `order`. */
export function told<Item>(items: readonly Item[], room: number, order: (a: Item, b: Item) => number): Item[] {
  if (fitting(items, room) === items.length) return [...items];
  const ordered = items.toSorted(order);
  return ordered.slice(0, fitting(ordered, room));
}

/** All of them, in parts that each have room in an event. */
export function inParts<Item>(items: readonly Item[]): Item[][] {
  const parts: Item[][] = [];
  for (let from = 0; from < items.length;) {
    const part = items.slice(from, from + Math.max(fitting(items.slice(from, from + mostColumnsTold), roomOfEvent), 1));
    parts.push(part);
    from += part.length;
  }
  return parts;
}

/** As much of a text as `most` code units are, without half a character at its end: no record takes one. */
export const cut = (text: string, most: number): string => text.slice(0, most).toWellFormed();

/** How many of the first ones there is room for. */
function fitting(items: readonly unknown[], room: number): number {
  const most = Math.min(items.length, mostColumnsTold);
  if (items.length === most && items.reduce<number>((sum, item) => sum + bytesAtMost(item), 0) <= room) return most;
  let left = room;
  for (let count = 0; count < most; count++) {
    left -= Buffer.byteLength(JSON.stringify(items[count])) + 1;
    if (left < 0) return count;
  }
  return most;
}

/** Of its JSON, without making it: a code unit is six bytes at most, `\u001f`. */
function bytesAtMost(value: unknown): number {
  if (typeof value === 'string') return 6 * value.length + 3;
  if (typeof value !== 'object' || value === null) return 26;
  let bytes = 3;
  if (Array.isArray(value)) for (const each of value) bytes += bytesAtMost(each);
  else for (const [key, each] of Object.entries(value)) bytes += 6 * key.length + 4 + bytesAtMost(each);
  return bytes;
}
