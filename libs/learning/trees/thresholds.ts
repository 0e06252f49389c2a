/**
 * Where a feature's bins end: `x <= thresholds[b]` in float32, for the first such b, is bin b; what is above all of them is
 * in the last bin. Between distinct values, about as many rows in each bin; a value of many rows takes a bin of its own
 * and leaves the others to the rest.
 * @param values sorted, without NaN.
 */
export function thresholdsOf(values: Float32Array, maxBins: number): Float32Array {
  const thresholds: number[] = [];
  const eachItsOwn = isAtMost(values, maxBins);
  let binsLeft = maxBins;
  let rowsLeft = values.length;
  let inBin = 0;
  for (let at = 0; at < values.length && binsLeft > 1;) {
    const value = values[at]!;
    const next = behind(values, at);
    inBin += next - at;
    at = next;
    const full = eachItsOwn || inBin * binsLeft >= rowsLeft;
    if (full && at < values.length) {
      thresholds.push(between(value, values[at]!));
      binsLeft--;
      rowsLeft -= inBin;
      inBin = 0;
    }
  }
  return Float32Array.from(thresholds);
}

/** The bin of a value that is not NaN. */
export function binOf(thresholds: Float32Array, value: number): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= thresholds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The first position behind `at` with another value. */
function behind(values: Float32Array, at: number): number {
  const value = values[at]!;
  if (values[at + 1] !== value) return at + 1;
  let low = at + 1;
  let step = 1;
  while (values[low + step] === value) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, values.length);
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] === value) low = middle;
    else high = middle;
  }
  return high;
}

/** There are no more distinct values than `count`. */
function isAtMost(values: Float32Array, count: number): boolean {
  let distinct = 0;
  for (let at = 0; at < values.length; at = behind(values, at)) {
    if (++distinct > count) return false;
  }
  return true;
}

/** A float32 t with low <= t < high. The middle may be rounded up to `high` or, of infinities, be no number. */
export function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle >= low && middle < high ? middle : low;
}
