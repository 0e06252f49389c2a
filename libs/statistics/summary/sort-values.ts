/** Values of one bucket that are sorted by insertion; more by the engine. */
const mostInserted = 24;

let scratch = new Float64Array(0);
let buckets = new Int32Array(0);
let ends = new Int32Array(0);

/**
 * Ascending, in place, as `Float64Array.prototype.sort` has it: as many buckets of equal width as there are values, then
 * insertion; crowded buckets are left to the engine. O(values) where they are spread about evenly; for a thousand
 * measurements about half of the engine's time.
 * @param values finite, without −0.
 */
export function sortValues(values: Float64Array): Float64Array {
  const { length } = values;
  let [min, max] = [Infinity, -Infinity];
  for (let at = 0; at < length; at++) {
    const value = values[at]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min === max) return values;
  // The bucket never falls as the value rises, however it is rounded; one more takes what is rounded up to the end.
  const perUnit = length / (max - min);
  if (length <= mostInserted || !Number.isFinite(perUnit) || perUnit === 0) return values.sort();
  shareOut(values, min, perUnit);
  let start = 0;
  for (let bucket = 0; bucket <= length; bucket++) {
    const end = ends[bucket]!;
    if (end - start > mostInserted) values.subarray(start, end).sort();
    start = end;
  }
  for (let at = 1; at < length; at++) {
    const value = values[at]!;
    let to = at;
    for (; to > 0 && values[to - 1]! > value; to--) values[to] = values[to - 1]!;
    values[to] = value;
  }
  return values;
}

/** Values into buckets, in the order of the buckets; `ends` says where each ends. */
function shareOut(values: Float64Array, min: number, perUnit: number): void {
  const { length } = values;
  if (scratch.length < length) {
    scratch = new Float64Array(length);
    buckets = new Int32Array(length);
    ends = new Int32Array(length + 2);
  }
  // Counts stand one further on, so that their sums are where buckets begin, and after the last one was placed, end.
  ends.fill(0, 0, length + 2);
  for (let at = 0; at < length; at++) {
    const bucket = ((values[at]! - min) * perUnit) | 0;
    buckets[at] = bucket;
    ends[bucket + 1]!++;
  }
  for (let bucket = 1; bucket <= length; bucket++) ends[bucket]! += ends[bucket - 1]!;
  scratch.set(values);
  for (let at = 0; at < length; at++) values[ends[buckets[at]!]!++] = scratch[at]!;
}
