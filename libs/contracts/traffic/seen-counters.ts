/** Which chunks of a writer's life were seen: the highest counter and the ranges missing below it (EVENT_LOG.md, 9). */
export interface SeenCounters {
  readonly highest: number;
  /** Ascending, disjoint, both ends included. */
  readonly missing: readonly Range[];
}

export type Range = readonly [from: number, to: number];

/** Counters begin with 1. */
export const noneSeen: SeenCounters = { highest: 0, missing: [] };

/** `fresh` is false for a counter that was seen or given up on before: its chunk must not count again. */
export function see(
  seen: SeenCounters,
  counter: number,
  givenUp: readonly number[],
): { readonly fresh: boolean; readonly seen: SeenCounters } {
  let { highest, missing } = seen;
  let fresh: boolean;
  if (counter > highest) {
    fresh = true;
    if (counter > highest + 1) missing = [...missing, [highest + 1, counter - 1]];
    highest = counter;
  } else {
    fresh = missing.some(([from, to]) => from <= counter && counter <= to);
    if (fresh) missing = without(missing, counter);
  }
  for (const counter of givenUp) missing = without(missing, counter);
  return { fresh, seen: { highest, missing } };
}

const without = (ranges: readonly Range[], counter: number): readonly Range[] =>
  ranges.flatMap(([from, to]): Range[] => {
    if (counter < from || counter > to) return [[from, to]];
    const below: Range[] = from < counter ? [[from, counter - 1]] : [];
    const above: Range[] = counter < to ? [[counter + 1, to]] : [];
    return [...below, ...above];
  });
