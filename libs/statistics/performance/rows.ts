/** What a classifier answered. */
export interface ScoredRows {
  /**
   * Two classes: probability of the second one (number 1), a value for each row. More: [rows × classes], row after row.
   * NaN where the model told none; such a row is left out.
   */
  readonly probabilities: Float64Array;
  /** Number of the class that was answered, 0 to classes − 1. */
  readonly predictions: ArrayLike<number>;
}

export interface LabelledRows extends ScoredRows {
  /** Number of the true class. */
  readonly targets: ArrayLike<number>;
}

/** Probabilities that stand in a row: those of two classes are told by one. */
export function widthOf(classes: number): number {
  return classes === 2 ? 1 : classes;
}

/** @throws RangeError naming the array and the row at fault. */
export function checkScored({ probabilities, predictions }: ScoredRows, classes: number): void {
  const rows = predictions.length;
  if (probabilities.length !== rows * widthOf(classes)) {
    throw new RangeError(`probabilities: expected ${rows * widthOf(classes)} values, got ${probabilities.length}`);
  }
  const wrong = probabilities.findIndex((value) => value < 0 || value > 1);
  if (wrong >= 0) throw new RangeError(`probabilities[${wrong}]: expected 0 to 1, got ${probabilities[wrong]!}`);
  checkClasses('predictions', predictions, rows, classes);
}

/** @throws RangeError naming the array and the row at fault. */
export function checkLabelled(rows: LabelledRows, classes: number): void {
  checkScored(rows, classes);
  checkClasses('targets', rows.targets, rows.predictions.length, classes);
}

export function checkClasses(name: string, values: ArrayLike<number>, rows: number, classes: number): void {
  if (values.length !== rows) throw new RangeError(`${name}: expected ${rows} values, got ${values.length}`);
  for (let row = 0; row < rows; row++) {
    const value = values[row]!;
    if (!(Number.isInteger(value) && value >= 0 && value < classes)) {
      throw new RangeError(`${name}[${row}]: expected a class, 0 to ${classes - 1}, got ${value}`);
    }
  }
}

/** Rows that have all their probabilities, ascending. */
export function wholeRows({ probabilities, predictions }: ScoredRows, classes: number): Int32Array {
  const whole = new Int32Array(predictions.length);
  return whole.subarray(0, gatherWhole(whole, probabilities, widthOf(classes)));
}

/** By itself: V8 left a function that goes on behind this loop 600 times in 6 s, half a microsecond a row. */
function gatherWhole(whole: Int32Array, probabilities: Float64Array, width: number): number {
  let found = 0;
  for (let row = 0, at = 0; row < whole.length; row++) {
    // NaN, where one of them is.
    let sum = 0;
    for (const end = at + width; at < end; at++) sum += probabilities[at]!;
    if (sum - sum === 0) whole[found++] = row;
  }
  return found;
}
