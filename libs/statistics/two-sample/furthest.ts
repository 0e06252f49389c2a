const { abs } = Math;

export interface Furthest {
  /** Difference of the distribution functions, first less second, times the product of the sizes: a whole number. */
  readonly distance: number;
  /** The smallest value at which it is reached. */
  readonly location: number;
}

/** A sample so many times as large as the other is passed over in strides: below it, stepping takes no longer. */
const worthStrides = 4;

/** Values of the smaller sample that are looked at together first. */
const stretch = 4;

/**
 * Where the distribution functions of two samples are furthest apart. O(m + n).
 * @param x ascending, finite, at least one value; so is y.
 */
export function furthestApart(x: Float64Array, y: Float64Array): Furthest {
  if (x.length >= worthStrides * y.length) return furthestByStrides(x, y);
  if (y.length < worthStrides * x.length) return furthestByStep(x, y);
  const { distance, location } = furthestByStrides(y, x);
  return { distance: 0 - distance, location };
}

/**
 * Value after value of both. Steps add comparisons instead of branching on them, which a processor would guess wrong half
 * of the time.
 */
export function furthestByStep(x: Float64Array, y: Float64Array): Furthest {
  const m = x.length;
  const n = y.length;
  let [i, j, distance, size] = [0, 0, 0, 0];
  let location = smallest(x, y);
  while (i < m && j < n) {
    const a = x[i]!;
    const b = y[j]!;
    const difference = i * n - j * m;
    if (abs(difference) > size) {
      const last = lastBefore(x, i, y, j);
      // While a value like the last is still to come, those equal to it are not all counted.
      if (a > last && b > last) [size, distance, location] = [abs(difference), difference, last];
    }
    i += Number(a <= b);
    j += Number(b <= a);
  }
  const last = lastBefore(x, i, y, j);
  while (i < m && x[i]! === last) i++;
  while (j < n && y[j]! === last) j++;
  const difference = i * n - j * m;
  return abs(difference) > size ? { distance: difference, location: last } : { distance, location };
}

/**
 * The same, value after value of the shorter sample alone: between two of them the difference only rises, so that it is
 * looked at before and after each. The longer one is passed over in strides of 8, and so are stretches of both in which
 * the difference cannot get beyond what was found.
 */
export function furthestByStrides(long: Float64Array, short: Float64Array): Furthest {
  const m = long.length;
  const n = short.length;
  let [i, j, distance, size] = [0, 0, 0, 0];
  let location = smallest(long, short);
  while (j < n) {
    const end = j + stretch < n ? j + stretch : n;
    if (end < n && short[end]! > short[end - 1]!) {
      const next = firstFrom(long, i, short[end]!);
      // All of one sample's values of the stretch may come before the other's.
      if (next * n - j * m <= size && end * m - i * n <= size) {
        [i, j] = [next, end];
        continue;
      }
    }
    while (j < end) {
      const value = short[j]!;
      i = firstFrom(long, i, value);
      const before = i * n - j * m;
      // It has grown since the last look, so values of the longer sample have come.
      if (abs(before) > size) [size, distance, location] = [abs(before), before, long[i - 1]!];
      while (j < n && short[j]! === value) j++;
      if (i < m && long[i]! === value) i = firstBeyond(long, i, value);
      const after = i * n - j * m;
      if (abs(after) > size) [size, distance, location] = [abs(after), after, value];
    }
  }
  return { distance, location };
}

const smallest = (x: Float64Array, y: Float64Array): number => (x[0]! < y[0]! ? x[0]! : y[0]!);

/** The largest of the first i values of x and the first j of y. */
function lastBefore(x: Float64Array, i: number, y: Float64Array, j: number): number {
  if (i === 0) return y[j - 1]!;
  return j === 0 || x[i - 1]! > y[j - 1]! ? x[i - 1]! : y[j - 1]!;
}

/** The first place from `from` on whose value is not below the limit; the length where there is none. */
function firstFrom(values: Float64Array, from: number, limit: number): number {
  const last = values.length - 8;
  let at = from;
  while (at <= last && values[at + 7]! < limit) at += 8;
  if (at > last) {
    while (at < values.length && values[at]! < limit) at++;
    return at;
  }
  at += 4 * Number(values[at + 3]! < limit);
  at += 2 * Number(values[at + 1]! < limit);
  return at + Number(values[at]! < limit);
}

/** The first place from `from` on whose value is above the limit; the length where there is none. */
function firstBeyond(values: Float64Array, from: number, limit: number): number {
  const last = values.length - 8;
  let at = from;
  while (at <= last && values[at + 7]! <= limit) at += 8;
  while (at < values.length && values[at]! <= limit) at++;
  return at;
}
