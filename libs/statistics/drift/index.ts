/*
 * Public surface:
 *   driftTests, driftTestNamed(name)         tests by name, each with its kinds, default threshold and version
 *   calibratedPolicy, evidentlyPolicy, driftPolicy(choice)   policies: judge(state, columns, seed) → { state, verdict },
 *                                            or its parts: test(columns, seed), decide(state, tested)
 *   adjustedPValues(pValues, correction)            over columns: Benjamini–Hochberg, Holm, Bonferroni
 *   alphaOf(window, errorRate), alphaSpent      over time: how an error rate lasts for all windows
 *   fitReconstruction, reconstructionError, domainClassifier   of several columns together, by rows
 *   maximumMeanDiscrepancy(matrix, matrix)   the same, of rows as fitEncoding and encodeRows make them
 */
export {
  domainClassifier,
  type DomainClassifierOptions,
  type DomainClassifierOutcome,
} from './multivariate/domain-classifier.js';
export { encodeRows, fitEncoding, type ColumnEncoding } from './multivariate/frequency-encoding.js';
export { maximumMeanDiscrepancy, type MmdOptions, type MmdOutcome } from './multivariate/maximum-mean-discrepancy.js';
export {
  fitReconstruction,
  reconstructionError,
  type Reconstruction,
  type ReconstructionError,
  type ReconstructionOptions,
} from './multivariate/reconstruction.js';
export type { Matrix, RowTable } from './multivariate/rows.js';
export { adjustedPValues, corrections, type Correction } from './multiple-testing.js';
export { calibratedPolicy, type CalibratedParameters } from './policies/calibrated.js';
export type { ColumnChoices } from './policies/choice.js';
export { evidentlyPolicy, type EvidentlyParameters } from './policies/evidently.js';
export type {
  ColumnVerdict,
  ComparedColumn,
  DataSetVerdict,
  DriftPolicy,
  DriftState,
  Judged,
  TestedColumn,
} from './policies/policy.js';
export { driftPolicy, type DriftPolicyChoice } from './policies/registry.js';
export { driftTestNamed, driftTests } from './registry.js';
export { alphaOf, alphaSpent } from './sequential.js';
export type { ColumnKind, DriftTest, NotEnoughEvidence, TestContext, Tested, TestOutcome } from './test.js';
