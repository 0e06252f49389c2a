/** A matrix of K rows and N columns, row-major, as a matrix product takes it from the right. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

export interface QuantisedMatrix {
  /** `round(value / scale) + zeroPoint`, each column with its own scale: 1 to 255. */
  readonly values: Uint8Array;
  /** One per column: its largest magnitude over 127, or the smallest normal number; 0 for a column of zeros. */
  readonly scales: Float32Array;
}

export const weightZeroPoint = 128;
const largest = 127;
/** Of float32. Below it the steps of float32 itself are too coarse for a scale. */
export const smallestNormal = 2 ** -126;

/**
 * Symmetric per column, so that a value is at most half its column's scale away from what it was (and 0 is 0).
 * The arithmetic is that of float32, rounded to the nearest: the same bytes everywhere.
 */
export function quantiseMatrix({ rows, columns, values }: Matrix): QuantisedMatrix {
  const scales = columnScales({ rows, columns, values });
  const quantised = new Uint8Array(rows * columns);
  for (let at = 0; at < quantised.length; at++) {
    const scale = scales[at % columns]!;
    const level = scale === 0 ? 0 : roundHalfEven(values[at]! / scale);
    quantised[at] = Math.min(largest, Math.max(-largest, level)) + weightZeroPoint;
  }
  return { values: quantised, scales };
}

export function transposed({ rows, columns, values }: Matrix): Matrix {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column]!;
  }
  return { rows: columns, columns: rows, values: turned };
}

function columnScales({ columns, values }: Matrix): Float32Array {
  const scales = new Float32Array(columns);
  for (const [at, value] of values.entries()) {
    const column = at % columns;
    scales[column] = Math.max(scales[column]!, Math.abs(value));
  }
  return scales.map((magnitude) => (magnitude === 0 ? 0 : Math.max(magnitude / largest, smallestNormal)));
}

/** As the Round operator (11) does. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
