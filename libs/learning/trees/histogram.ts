import { mostBins } from './binned-matrix.js';

/** A bin of a histogram: the sums of its rows' gradients and of their masses, as sums.ts has them. */
const numbersOfBin = 2;
export const numbersOfFeature = mostBins * numbersOfBin;
export const numbersOfQuad = 4 * numbersOfFeature;

/** Where a feature begins in a histogram of all features. */
export const featureAt = (feature: number): number => feature * numbersOfFeature;
