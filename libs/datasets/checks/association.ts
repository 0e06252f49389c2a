/** Ranks from 1; equal values share the mean of theirs. */
export function ranksOf(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  return values.map((value) => (below(sorted, value, false) + below(sorted, value, true) + 1) / 2);
}

/** How many of the sorted values are smaller than `value`; with `orEqual`, or equal to it. */
function below(sorted: Float64Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The largest area under the ROC curve of one class against the others, in either direction, from the ranks of the score
 * (Mann and Whitney 1947); 0.5 where no class has as many rows in it and outside as are asked for.
 */
export function aucOf(ranks: Float64Array, classes: Float64Array, leastRows: number): number {
  const sums = new Map<number, { rows: number; ranks: number }>();
  for (const [row, label] of classes.entries()) {
    const sum = sums.get(label) ?? { rows: 0, ranks: 0 };
    sum.rows++;
    sum.ranks += ranks[row]!;
    sums.set(label, sum);
  }
  let largest = 0.5;
  for (const { rows, ranks: sum } of sums.values()) {
    const others = classes.length - rows;
    if (rows < leastRows || others < leastRows) continue;
    const auc = (sum - (rows * (rows + 1)) / 2) / (rows * others);
    largest = Math.max(largest, auc, 1 - auc);
  }
  return largest;
}

/** Of ranks, this is Spearman's. 0 if one of them is constant. */
export function squaredCorrelation(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : (ab * ab) / (aa * bb);
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * How much of what the most frequent class leaves open is told by the most frequent class of the other rows of the same
 * category: 1 all of it, 0 nothing. Leaving the row itself out keeps an identifier from explaining anything.
 * @param codes −1 is a category of its own.
 */
export function explainedClasses(codes: Int32Array, classes: Float64Array): number {
  const counts = new Map<number, Map<number, number>>();
  for (const [row, code] of codes.entries()) {
    const ofCode = counts.get(code) ?? new Map<number, number>();
    ofCode.set(classes[row]!, (ofCode.get(classes[row]!) ?? 0) + 1);
    counts.set(code, ofCode);
  }
  const all = new Map<number, number>();
  for (const label of classes) all.set(label, (all.get(label) ?? 0) + 1);
  let right = 0;
  for (const ofCode of counts.values()) {
    const most = Math.max(...ofCode.values());
    // The most frequent class stays so without one of its rows unless it is alone or has an equal.
    const equals = [...ofCode.values()].filter((count) => count === most).length;
    if (most > 1 && equals === 1) right += most;
  }
  const base = Math.max(...all.values());
  return base === classes.length ? 0 : (right - base) / (classes.length - base);
}

/** As `explainedClasses`, of numbers: 1 − squared distances from the mean of the other rows of the category / variance. */
export function explainedValues(codes: Int32Array, values: Float64Array): number {
  const sums = new Map<number, { rows: number; sum: number }>();
  for (const [row, code] of codes.entries()) {
    const sum = sums.get(code) ?? { rows: 0, sum: 0 };
    sum.rows++;
    sum.sum += values[row]!;
    sums.set(code, sum);
  }
  const overall = mean(values);
  let [left, total] = [0, 0];
  for (const [row, code] of codes.entries()) {
    const { rows, sum } = sums.get(code)!;
    const others = rows === 1 ? overall : (sum - values[row]!) / (rows - 1);
    left += (values[row]! - others) ** 2;
    total += (values[row]! - overall) ** 2;
  }
  return total === 0 ? 0 : 1 - left / total;
}
