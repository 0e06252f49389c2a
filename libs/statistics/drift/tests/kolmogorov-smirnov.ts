import { kolmogorovSmirnov } from '../../two-sample/index.js';
import { pValueTest } from '../define.js';

/**
 * Pairs of values up to which the exact distribution is worth its time. Beyond, at 1e-10, the asymptotic p-value is 0.7
 * to 1 of the exact one for windows of 50 to 1,000 against 1,000 to 5,000 values.
 */
const mostPairs = 100_000;

/** Two-sample Kolmogorov–Smirnov test: the usual one of numeric columns, valid for any continuous distribution. */
export const kolmogorovSmirnovTest = pValueTest({
  name: 'ks',
  version: 1,
  kinds: ['numeric'],
  defaultThreshold: 0.05,
  reads: 'values',
  test: ({ values }, window) => {
    const method = values.length * window.values.length <= mostPairs ? 'auto' : 'asymptotic';
    const { statistic, pValue } = kolmogorovSmirnov(values, window.values, { method });
    return { statistic, pValue, effect: statistic };
  },
});
