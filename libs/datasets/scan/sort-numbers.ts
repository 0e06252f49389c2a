/** Up to so many numbers, insertion is the fastest. */
const few = 24;

/** What values share out badly again and again is left to the engine's sort. */
const deepest = 3;

let scratch = new Float64Array(0);
let places = new Int32Array(0);
let ends = new Int32Array(0);

/**
 * Ascending, in place, as `Float64Array.prototype.sort` has it: as many buckets of equal width as there are numbers, then
 * insertion. For blocks of 16,384 measurements it takes a third to two thirds of the engine's time.
 * @param values finite, without −0.
 */
export function sortNumbers(values: Float64Array): void {
  if (scratch.length < values.length) {
    scratch = new Float64Array(values.length);
    places = new Int32Array(values.length);
    ends = new Int32Array(values.length);
  }
  sortPart(values, 0, values.length, 0);
}

function sortPart(values: Float64Array, start: number, end: number, depth: number): void {
  if (end - start > few) {
    const crowded = shareOut(values, start, end);
    if (crowded === 'equal') return;
    if (crowded === 'unfit' || (crowded.length > 0 && depth === deepest)) {
      values.subarray(start, end).sort();
      return;
    }
    for (const { from, to } of crowded) sortPart(values, from, to, depth + 1);
  }
  insert(values, start, end);
}

interface Part {
  readonly from: number;
  readonly to: number;
}

/**
 * Values into buckets, in the order of the buckets.
 * @returns the buckets that hold more than a few; `equal`: all values are one; `unfit`: no width of a bucket is a float64.
 */
function shareOut(values: Float64Array, start: number, end: number): readonly Part[] | 'equal' | 'unfit' {
  const buckets = end - start;
  let min = values[start]!;
  let max = min;
  for (let at = start + 1; at < end; at++) {
    const value = values[at]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  if (min === max) return 'equal';
  const perUnit = (buckets - 1) / (max - min);
  if (!Number.isFinite(perUnit) || perUnit === 0) return 'unfit';

  ends.fill(0, 0, buckets);
  for (let at = start; at < end; at++) {
    const bucket = ((values[at]! - min) * perUnit) | 0;
    places[at] = bucket;
    ends[bucket]!++;
  }
  let sum = start;
  let most = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const count = ends[bucket]!;
    if (count > most) most = count;
    sum += count;
    ends[bucket] = sum;
  }
  scratch.set(values.subarray(start, end), start);
  for (let at = start; at < end; at++) values[--ends[places[at]!]!] = scratch[at]!;
  // Now each is where its bucket begins.
  return most > few ? crowdedOf(buckets, end) : [];
}

function crowdedOf(buckets: number, end: number): readonly Part[] {
  const crowded: Part[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = ends[bucket]!;
    const to = bucket + 1 < buckets ? ends[bucket + 1]! : end;
    if (to - from > few) crowded.push({ from, to });
  }
  return crowded;
}

function insert(values: Float64Array, start: number, end: number): void {
  for (let at = start + 1; at < end; at++) {
    const value = values[at]!;
    let to = at;
    for (; to > start && values[to - 1]! > value; to--) values[to] = values[to - 1]!;
    values[to] = value;
  }
}
