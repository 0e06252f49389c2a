/** Powers of the matrix grow like eⁿ: they are kept within this, exactly, as it is a power of 2. */
const scale = 2 ** 256;
const scaleBits = 256;

/** Column by row, `size` × `size`; the true matrix is 2^exponent times as large. */
interface Matrix {
  values: Float64Array;
  exponent: number;
}

/**
 * P(Dₙ ≤ d), exact: n! / nⁿ times the middle entry of a matrix of 2⌈nd⌉ − 1 rows to the power n.
 *
 * Durbin 1968, as Marsaglia, Tsang and Wang 2003 compute it. O((nd)³ log n).
 */
export function durbinCdf(d: number, n: number): number {
  const nd = n * d;
  const k = Math.ceil(nd);
  const size = 2 * k - 1;
  let base: Matrix = { values: stepMatrix(k, k - nd), exponent: 0 };
  let power: Matrix | undefined;
  const middle = (k - 1) * size + k - 1;
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = power === undefined ? base : product(power, base, size, middle);
    if (left > 1) base = product(base, base, size, middle);
  }
  let probability = power!.values[middle]!;
  let { exponent } = power!;
  for (let factor = 1; factor <= n; factor++) {
    probability *= factor / n;
    if (probability < 1 / scale) {
      probability *= scale;
      exponent -= scaleBits;
    }
  }
  return probability * 2 ** (exponent / 2) * 2 ** (exponent / 2);
}

function stepMatrix(k: number, h: number): Float64Array {
  const size = 2 * k - 1;
  const values = new Float64Array(size * size);
  const inverseFactorials = new Float64Array(size + 1);
  inverseFactorials[0] = 1;
  for (let m = 1; m <= size; m++) inverseFactorials[m] = inverseFactorials[m - 1]! / m;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= Math.min(row + 1, size - 1); column++) {
      values[row * size + column] = inverseFactorials[row - column + 1]!;
    }
  }
  for (let row = 0; row < size; row++) {
    const edge = (1 - h ** (row + 1)) * inverseFactorials[row + 1]!;
    values[row * size] = edge;
    values[(size - 1) * size + size - 1 - row] = edge;
  }
  const corner = 1 - 2 * h ** size + Math.max(2 * h - 1, 0) ** size;
  values[(size - 1) * size] = corner * inverseFactorials[size]!;
  return values;
}

function product(left: Matrix, right: Matrix, size: number, middle: number): Matrix {
  const values = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    const at = row * size;
    for (let inner = 0; inner < size; inner++) {
      const factor = left.values[at + inner]!;
      const from = inner * size;
      for (let column = 0; column < size; column++) values[at + column]! += factor * right.values[from + column]!;
    }
  }
  let exponent = left.exponent + right.exponent;
  if (values[middle]! > scale) {
    for (let place = 0; place < values.length; place++) values[place]! /= scale;
    exponent += scaleBits;
  }
  return { values, exponent };
}
