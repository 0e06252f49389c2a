import type { DriftTest } from './test.js';
import { andersonDarlingTest } from './tests/anderson-darling.js';
import { chiSquareGoodnessTest } from './tests/chi-square-goodness.js';
import { chiSquareTest } from './tests/chi-square.js';
import { cramerVonMisesTest } from './tests/cramer-von-mises.js';
import { energyTest } from './tests/energy.js';
import { gTest } from './tests/g-test.js';
import { hellingerTest } from './tests/hellinger.js';
import { jensenShannonTest } from './tests/jensen-shannon.js';
import { kolmogorovSmirnovTest } from './tests/kolmogorov-smirnov.js';
import { kullbackLeiblerTest } from './tests/kullback-leibler.js';
import { mannWhitneyTest } from './tests/mann-whitney.js';
import { mmdTest } from './tests/mmd.js';
import { psiTest } from './tests/psi.js';
import { totalVariationTest } from './tests/total-variation.js';
import { wassersteinTest } from './tests/wasserstein.js';
import { zProportionsTest } from './tests/z-proportions.js';

/** By name, as configurations and findings have it. */
export const driftTests: ReadonlyMap<string, DriftTest> = new Map(
  [
    kolmogorovSmirnovTest,
    gTest,
    chiSquareTest,
    chiSquareGoodnessTest,
    zProportionsTest,
    wassersteinTest,
    jensenShannonTest,
    psiTest,
    kullbackLeiblerTest,
    hellingerTest,
    totalVariationTest,
    energyTest,
    cramerVonMisesTest,
    andersonDarlingTest,
    mannWhitneyTest,
    mmdTest,
  ].map((test) => [test.name, test]),
);

/** @throws RangeError for a name that is not in the registry; `parameter` says where it stood. */
export function driftTestNamed(name: string, parameter = 'test'): DriftTest {
  const test = driftTests.get(name);
  if (test !== undefined) return test;
  throw new RangeError(
    `${parameter}: expected one of ${[...driftTests.keys()].join(', ')}, got ${JSON.stringify(name)}`,
  );
}
