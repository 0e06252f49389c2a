import { textsOf, type SampledRows } from '../rows/sampled-rows.js';

/** The sampled answers of a classifier. */
export interface EstimatedRows {
  readonly classes: readonly string[];
  /** Row-major: rows × classes. */
  readonly probabilities: Float64Array;
  /** By row the class that was answered, −1 for one that has no probability. */
  readonly predicted: Int32Array;
}

const prefix = 'probabilities.';

/** Null for a version that answers no probabilities of two classes or more. */
export function estimatedRows(rows: SampledRows): EstimatedRows | null {
  const { columns } = rows.set;
  const places = columns.flatMap(({ name }, place) => (name.startsWith(prefix) ? [place] : []));
  if (places.length < 2) return null;
  const classes = places.map((place) => columns[place]!.name.slice(prefix.length));
  const width = classes.length;
  const probabilities = new Float64Array(rows.reservoir.rows * width);
  for (const [index, place] of places.entries()) {
    const column = rows.reservoir.column(place);
    for (let row = 0; row < column.length; row++) probabilities[row * width + index] = column[row]!;
  }
  const label = columns.findIndex(({ name }) => name === 'label');
  const predicted = label < 0 ? mostProbable(probabilities, width) : labelled(rows, label, classes);
  return { classes, probabilities, predicted };
}

function labelled(rows: SampledRows, label: number, classes: readonly string[]): Int32Array {
  const texts = textsOf(rows, label);
  const classOf = texts?.map((text) => classes.indexOf(text));
  const values = rows.reservoir.column(label);
  const predicted = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    predicted[row] = classOf === undefined ? classes.indexOf(String(value)) : (classOf[value] ?? -1);
  }
  return predicted;
}

function mostProbable(probabilities: Float64Array, width: number): Int32Array {
  return Int32Array.from({ length: probabilities.length / width }, (_, row) => {
    let best = 0;
    for (let index = 1; index < width; index++)
      if (probabilities[row * width + index]! > probabilities[row * width + best]!) best = index;
    return best;
  });
}
