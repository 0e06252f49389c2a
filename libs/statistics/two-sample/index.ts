export { andersonDarling, type AndersonDarlingResult } from './anderson-darling.js';
export { chiSquare, chiSquareGoodness, type ChiSquareResult } from './chi-square.js';
export { cramerVonMises, type CramerVonMisesOptions, type CramerVonMisesResult } from './cramer-von-mises.js';
export { energyDistance } from './energy-distance.js';
export {
  kolmogorovDistance,
  kolmogorovSmirnov,
  type KolmogorovSmirnovOptions,
  type KolmogorovSmirnovResult,
} from './kolmogorov-smirnov.js';
export { mannWhitney, type MannWhitneyOptions, type MannWhitneyResult } from './mann-whitney.js';
export { requireSample, type TestResult } from './sample.js';
export { twoProportions } from './two-proportions.js';
export { wasserstein } from './wasserstein.js';
export { welch, welchOfMoments, type WelchMoments, type WelchOptions, type WelchResult } from './welch.js';
