/*
 * Public surface:
 *   new Experiment(plan)                       observe(…), verdict(), toJSON / fromJSON: A/B tests, canaries, shadows
 *   meanSequence, differenceSequence           intervals that hold at every look; quantileSequence, quantileDifference of latencies
 *   mixtureSprt(a, b, { effect })              the same question as an always-valid p-value
 *   relativeLift(a, b)                         Welch's t-test of a lift at a fixed horizon
 *   sampleRatio(counts, shares), mcnemar(onlyA, onlyB), splitAlpha(alpha, weights)
 */
export { splitAlpha } from './alpha-split.js';
export { armOf, armOfSums, emptyArm, merged as mergedArms, withValue, type Arm } from './arm.js';
export {
  differenceSequence,
  meanSequence,
  mixtureScale,
  type SequenceInterval,
  type SequenceOptions,
} from './confidence-sequence.js';
export { Experiment, type ExperimentState } from './experiment.js';
export { LatencyCounts, type LatencyCountsJson } from './latency-counts.js';
export { mcnemar, type McNemar } from './mcnemar.js';
export { mixtureSprt, type MixtureSprt, type MixtureSprtOptions } from './mixture-sprt.js';
export type { ExperimentPlan, MetricPlan } from './plan.js';
export { quantileDifference, quantilePlaces, quantileSequence, type QuantileInterval } from './quantile-sequence.js';
export { relativeLift, type RelativeLift } from './relative-lift.js';
export { sampleRatio, type SampleRatio } from './sample-ratio.js';
export type { ArmName, ExperimentVerdict, MetricVerdict, Observation } from './verdict.js';
