import { mostColumnsTold } from '#libs/contracts/index.js';

/** Bytes of one list in a record: four such lists and the record's other parts are below a megabyte, the most that a message may be. */
const roomOfList = 200_000;

/** Lists that are this short are told whole without being measured. */
const short = 50;

/** Those that a record has room for; where that is not all of them, those that say most, the first ones of `order`. */
export function told<Item>(items: readonly Item[], order: (a: Item, b: Item) => number): Item[] {
  if (items.length <= short || fitting(items) === items.length) return [...items];
  const ordered = items.toSorted(order);
  return ordered.slice(0, fitting(ordered));
}

/** All of them, in parts that each have room in an event. */
export function inParts<Item>(items: readonly Item[]): Item[][] {
  const parts: Item[][] = [];
  for (let from = 0; from < items.length;) {
    const part = items.slice(from, from + Math.max(fitting(items.slice(from)), 1));
    parts.push(part);
    from += part.length;
  }
  return parts;
}

/** How many of the first ones there is room for. */
function fitting(items: readonly unknown[]): number {
  let room = roomOfList;
  const most = Math.min(items.length, mostColumnsTold);
  for (let count = 0; count < most; count++) {
    room -= Buffer.byteLength(JSON.stringify(items[count])) + 1;
    if (room < 0) return count;
  }
  return most;
}
