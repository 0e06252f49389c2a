import { populationMoments, scaleOf } from '../../scaled-moments.js';
import { gammaTails, normalSf } from '../../special/index.js';

/**
 * The probability that a permutation's statistic reaches `observed`, beyond what counting `drawn` can tell: the tail of
 * a Pearson type III distribution (a shifted gamma) with their mean, standard deviation and skewness, as is long used
 * for permutation distributions (Mielke and Berry 2007). Sums of squares over bins or rows are near it; a statistic
 * with a lighter tail than its skewness tells is judged on the careful side. So are all: mean, deviation and skewness
 * are each raised by three of their standard errors first, since far out a small error of theirs is a factor.
 * O(permutations).
 *
 * @returns 1 where the observed statistic is not above their mean.
 */
export function permutationTail(drawn: Float64Array, observed: number): number {
  const { mean, sd, skewness } = carefulMoments(drawn);
  const z = (observed - mean) / sd;
  if (!(z > 0)) return 1;
  return pearsonTail(z, skewness);
}

/**
 * P(Z ≥ z) of the Pearson type III distribution of mean 0, standard deviation 1 and a skewness of 0 or more; z above 0.
 */
export function pearsonTail(z: number, skewness: number): number {
  if (skewness < leastSkewness) return normalSf(z);
  const root = 2 / skewness;
  return gammaTails(root * root, root * (root + z)).upper;
}

/** The gamma distribution of so large a shape is the normal one. */
const leastSkewness = 1e-4;

function carefulMoments(drawn: Float64Array): { mean: number; sd: number; skewness: number } {
  const count = drawn.length;
  const { mean, deviation } = populationMoments(drawn);
  const scale = scaleOf(deviation);
  if (scale === 0) return { mean, sd: 0, skewness: 0 };
  let [squares, cubes, fourths] = [0, 0, 0];
  for (const value of drawn) {
    const distance = (value - mean) / scale;
    const square = distance ** 2;
    squares += square;
    cubes += square * distance;
    fourths += square * square;
  }
  const variance = squares / count;
  const kurtosis = fourths / count / variance ** 2;
  const skewness = cubes / count / variance ** 1.5;
  const errors = 3 / Math.sqrt(count);
  return {
    mean: mean + errors * Math.sqrt(variance) * scale,
    sd: Math.sqrt(variance * (1 + errors * Math.sqrt(kurtosis - 1))) * scale,
    // A normal sample's skewness varies by √(6 / count); a skewed one's by more, as its kurtosis does.
    skewness: Math.max(skewness, 0) + errors * Math.sqrt(2 * kurtosis),
  };
}
