export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Vector k is the row from `k · size`, of length 1; its sign is not determined. */
  readonly vectors: Float64Array;
}

const mostSweeps = 60;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, row-major, by cyclic Jacobi rotations (Golub and Van Loan 2013,
 * section 8.5): small eigenvalues keep their digits too. O(size³) a sweep, six to ten sweeps.
 *
 * @throws RangeError for values that are not finite.
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  if (!matrix.every(Number.isFinite)) throw new RangeError('matrix: expected finite values');
  const a = matrix.slice();
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let sweep = 0; sweep < mostSweeps && !isDiagonal(a, size); sweep++) {
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, vectors, size, p, q);
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => a[j * size + j]! - a[i * size + i]! || i - j);
  const sorted = new Float64Array(size * size);
  order.forEach((from, to) => {
    sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size);
  });
  return { values: Float64Array.from(order, (i) => a[i * size + i]!), vectors: sorted };
}

function isDiagonal(a: Float64Array, size: number): boolean {
  let [off, on] = [0, 0];
  for (let i = 0; i < size; i++) {
    on += a[i * size + i]! ** 2;
    for (let j = i + 1; j < size; j++) off += a[i * size + j]! ** 2;
  }
  return off <= on * Number.EPSILON ** 2;
}

/** Makes element (p, q) 0; the eigenvectors are rows, so both are rotated along memory. */
function rotate(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const apq = a[p * size + q]!;
  if (apq === 0) return;
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(t * t + 1);
  const sine = t * cosine;
  a[p * size + p]! -= t * apq;
  a[q * size + q]! += t * apq;
  a[p * size + q] = 0;
  a[q * size + p] = 0;
  for (let k = 0; k < size; k++) {
    if (k !== p && k !== q) {
      const [akp, akq] = [a[p * size + k]!, a[q * size + k]!];
      const [toP, toQ] = [cosine * akp - sine * akq, sine * akp + cosine * akq];
      a[p * size + k] = toP;
      a[k * size + p] = toP;
      a[q * size + k] = toQ;
      a[k * size + q] = toQ;
    }
    const [vp, vq] = [vectors[p * size + k]!, vectors[q * size + k]!];
    vectors[p * size + k] = cosine * vp - sine * vq;
    vectors[q * size + k] = sine * vp + cosine * vq;
  }
}
