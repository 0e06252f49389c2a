import type { ClassView } from './expected-metrics.js';
import { widthOf, type LabelledRows, type ScoredRows } from './rows.js';

/** Of each class, or of class 1 where there are two, the rows with their labels for probabilities. */
export function measuredViews(rows: LabelledRows, whole: Int32Array, classes: number): ClassView[] {
  return Array.from({ length: widthOf(classes) }, (_, index) => {
    const number = numberOf(index, classes);
    return viewOf(rows, whole, classes, index, (row) => Number(rows.targets[row] === number));
  });
}

/**
 * The rows of one class against the rest.
 * @param positiveOf of a row, and of the place of its probability, the probability that it is of the class.
 */
export function viewOf(
  { probabilities, predictions }: ScoredRows,
  whole: Int32Array,
  classes: number,
  index: number,
  positiveOf: (row: number, place: number) => number,
): ClassView {
  const { length } = whole;
  const [width, number] = [widthOf(classes), numberOf(index, classes)];
  const [scores, positive] = [new Float64Array(length), new Float64Array(length)];
  const answered = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const row = whole[at]!;
    const place = row * width + index;
    scores[at] = probabilities[place]!;
    positive[at] = positiveOf(row, place);
    answered[at] = Number(predictions[row] === number);
  }
  return { scores, positive, answered };
}

/** The class of a view: the one view of two classes is that of the second. */
function numberOf(view: number, classes: number): number {
  return classes === 2 ? 1 : view;
}

/** Rows `from` until before `to`. */
export function partOf({ scores, positive, answered }: ClassView, from: number, to: number): ClassView {
  return {
    scores: scores.subarray(from, to),
    positive: positive.subarray(from, to),
    answered: answered.subarray(from, to),
  };
}
