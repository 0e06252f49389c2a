export { calibrationError, fitCalibration, type Calibration } from './calibration.js';
export {
  CalibrationPremise,
  premiseTolerance,
  type PremiseOptions,
  type PremiseState,
  type PremiseVerdict,
} from './calibration-premise.js';
export {
  Cbpe,
  fitCbpe,
  type AlertThreshold,
  type CbpeEstimate,
  type CbpeJson,
  type CbpeOptions,
  type MetricEstimate,
} from './cbpe.js';
export type { EstimatedMetric, MetricValues } from './expected-metrics.js';
export type { IntervalOptions, MetricInterval } from './interval.js';
export { fitIsotonic, isotonicAt, type Isotonic } from './isotonic.js';
export { meanInterval, rootMeanInterval, sampleMoments, type SampleMoments } from './mean-interval.js';
export {
  classificationIntervals,
  confusionCounts,
  regressionIntervals,
  rocAreaIntervals,
  type ClassificationIntervals,
} from './metric-intervals.js';
export { areaUnderRoc } from './roc.js';
export { rocAreaInterval } from './roc-interval.js';
export type { LabelledRows, ScoredRows } from './rows.js';
export { wilsonInterval } from './wilson.js';
