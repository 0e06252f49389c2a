/** Square and symmetric, or upper triangular: element (i, j) at `i · size + j`. */
export interface SquareMatrix {
  readonly size: number;
  readonly values: Float64Array;
}

/** Of a matrix with diagonal 1: smaller pivots leave too few digits, and the rows have to be factorised themselves. */
const smallestPivot = 1e-9;

/** Solves A·x = b for a symmetric positive definite A with diagonal 1; null: too near to singular. */
export function choleskySolve({ size, values }: SquareMatrix, b: Float64Array): Float64Array | null {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = values[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i !== j) lower[i * size + j] = sum / lower[j * size + j]!;
      else if (sum < smallestPivot) return null;
      else lower[i * size + i] = Math.sqrt(sum);
    }
  }
  const x = b.slice();
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i * size + k]! * x[k]!;
    x[i]! /= lower[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i]! -= lower[k * size + i]! * x[k]!;
    x[i]! /= lower[i * size + i]!;
  }
  return x;
}

/**
 * Rows [values of size, right-hand side] folded into the triangle of their QR factorisation, block after block, so that
 * least squares need no more memory than the triangle and one block (Householder; Golub and Van Loan 2013, section 5.2).
 */
export class TriangleOfRows {
  private readonly width: number;
  /** [R | Qᵀb], and below them the rows of a block. */
  private readonly work: Float64Array;

  /** `size`: columns without the right-hand side. */
  constructor(
    readonly size: number,
    private readonly mostRows: number,
  ) {
    this.width = size + 1;
    this.work = new Float64Array((size + mostRows) * this.width);
  }

  /** `fill` writes `rows` rows of size + 1 values, row after row. */
  add(rows: number, fill: (block: Float64Array) => void): void {
    if (rows > this.mostRows) throw new RangeError(`rows is ${rows}, expected at most ${this.mostRows}`);
    const block = this.work.subarray(this.size * this.width, (this.size + rows) * this.width).fill(0);
    fill(block);
    for (let column = 0; column < this.size; column++) this.eliminate(column, rows);
  }

  /** Reflects column `column` of the block into the triangle's diagonal. */
  private eliminate(column: number, rows: number): void {
    const { work, width, size } = this;
    const below = size * width;
    let squares = 0;
    for (let i = 0; i < rows; i++) squares += work[below + i * width + column]! ** 2;
    if (squares === 0) return;
    const diagonal = work[column * width + column]!;
    const norm = Math.sqrt(diagonal * diagonal + squares);
    const head = diagonal + (diagonal >= 0 ? norm : -norm);
    const factor = 2 / (head * head + squares);
    for (let j = column + 1; j < width; j++) {
      let product = head * work[column * width + j]!;
      for (let i = 0; i < rows; i++) product += work[below + i * width + column]! * work[below + i * width + j]!;
      product *= factor;
      work[column * width + j]! -= product * head;
      for (let i = 0; i < rows; i++) work[below + i * width + j]! -= product * work[below + i * width + column]!;
    }
    work[column * width + column] = diagonal >= 0 ? -norm : norm;
  }

  /**
   * Least squares with pivoting: columns that are combinations of others, to rounding, have 0; of several alike the first
   * is kept.
   */
  solve(): Float64Array {
    const { size, width } = this;
    const rows = this.work.slice(0, size * width);
    const order = Array.from({ length: size }, (_, j) => j);
    let rank = 0;
    let first = 0;
    while (rank < size) {
      const pivot = longestBelow(rows, width, order, rank);
      [order[rank], order[pivot]] = [order[pivot]!, order[rank]!];
      const length = reflectBelow(rows, width, order, rank);
      if (rank === 0) first = length;
      if (length <= first * size * 64 * Number.EPSILON) break;
      rank++;
    }
    return backSubstituted(rows, width, order, rank);
  }
}

function longestBelow(rows: Float64Array, width: number, order: readonly number[], rank: number): number {
  let longest = -1;
  let at = rank;
  for (let j = rank; j < order.length; j++) {
    let squares = 0;
    for (let i = rank; i < order.length; i++) squares += rows[i * width + order[j]!]! ** 2;
    // Rounding must not decide between columns alike.
    if (squares > longest * (1 + 1e-9)) [longest, at] = [squares, j];
  }
  return at;
}

/** One Householder step on the column at `order[rank]`; its length below. */
function reflectBelow(rows: Float64Array, width: number, order: readonly number[], rank: number): number {
  const size = order.length;
  const column = order[rank]!;
  let squares = 0;
  for (let i = rank; i < size; i++) squares += rows[i * width + column]! ** 2;
  const norm = Math.sqrt(squares);
  if (norm === 0) return 0;
  const diagonal = rows[rank * width + column]!;
  const head = diagonal + (diagonal >= 0 ? norm : -norm);
  const factor = 2 / (head * head + squares - diagonal * diagonal);
  for (const j of [...order.slice(rank + 1), size]) {
    let product = head * rows[rank * width + j]!;
    for (let i = rank + 1; i < size; i++) product += rows[i * width + column]! * rows[i * width + j]!;
    product *= factor;
    rows[rank * width + j]! -= product * head;
    for (let i = rank + 1; i < size; i++) rows[i * width + j]! -= product * rows[i * width + column]!;
  }
  rows[rank * width + column] = diagonal >= 0 ? -norm : norm;
  for (let i = rank + 1; i < size; i++) rows[i * width + column] = 0;
  return norm;
}

function backSubstituted(rows: Float64Array, width: number, order: readonly number[], rank: number): Float64Array {
  const x = new Float64Array(order.length);
  for (let i = rank - 1; i >= 0; i--) {
    let sum = rows[i * width + order.length]!;
    for (let k = i + 1; k < rank; k++) sum -= rows[i * width + order[k]!]! * x[order[k]!]!;
    x[order[i]!] = sum / rows[i * width + order[i]!]!;
  }
  return x;
}
