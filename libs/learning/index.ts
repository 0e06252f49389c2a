/*
 * Public surface:
 *   summariseCurve(curve)  → figures of a ROC, precision-recall or calibration curve, or why the arrays are none
 *   trainLogistic, trainLinear(data, parameters, context) → a LinearModel, or why the data does not serve
 *   trainBoosting, trainForest(data, parameters, context)     → a TreeModel, or why the data does not serve
 *   classificationMetrics, regressionMetrics(predictions) → metrics as scikit-learn defines them
 *   classificationRows, regressionRows(predictions) → the same, to be measured in part, by slice, or again and again
 *   evaluationCurves(rows)                          → ROC, precision-recall and calibration curves of at most 1,000 points
 *   primaryMetric(classes), scoreOf(metric, value)  → what models are compared by; larger is better
 *   bootstrapIntervals(rows), pairedTest(candidate, champion) → how sure the metrics and their difference are
 *   sliceRows(column, rows), permutationImportance(options)   → where a model is weak, and what it rests on
 *   holdOut, crossFolds(rows, plan, seed)           → rows of training and test, or why they cannot be parted
 *   runSearch({plan, seed, evaluate, …})            → its trials and the winner, whatever ran at once or was interrupted
 *   propose(plan, seed, index, completed), trialsOf, readyToPropose, winner → its parts
 *   defaultSpaces(data), defaultSpace(algorithm, data) → what is searched where nothing is said
 */
export type { CalibrationCurve, Curve, CurveRefusal, PrecisionRecallCurve, RocCurve } from './curve.js';
export { summariseCurve, type CurveFigures } from './curve-summary.js';
export { LinearModel, type Convergence, type LinearModelData } from './linear/linear-model.js';
export { trainLinear } from './linear/linear-regression.js';
export { trainLogistic } from './linear/logistic-regression.js';
export type { LearningRefusal, LearningRefusalReason } from './refusal.js';
export { crossFolds } from './splits/cross-folds.js';
export { holdOut } from './splits/hold-out.js';
export type { RowSplit, SplitInput } from './splits/plan.js';
export {
  classificationMetrics,
  classificationRows,
  type ClassificationInput,
  type ClassificationReport,
  type ClassificationRows,
  type ClassLabel,
  type ConfusionMatrix,
} from './metrics/classification.js';
export type { MeasuredRows, Metrics } from './metrics/metrics.js';
export { isLoss, primaryMetric, scoreOf } from './metrics/primary.js';
export { regressionMetrics, regressionRows, type RegressionInput, type RegressionRows } from './metrics/regression.js';
export type { GraphOptions, GraphPart, TrainedModel, TrainingContext, TrainingData, TrainingScores } from './model.js';
export { bootstrapIntervals, type BootstrapOptions, type Interval } from './evaluation/bootstrap.js';
export { pairedTest, type PairedOptions, type PairedTest } from './evaluation/paired-test.js';
export {
  permutationImportance,
  type Importance,
  type PermutationOptions,
} from './evaluation/permutation-importance.js';
export { sliceRows, type Slice, type SliceOptions } from './evaluation/slices.js';
export { defaultSpace, defaultSpaces, type SearchedData } from './parameters/default-spaces.js';
export { propose, readyToPropose, restsOn, trialsOf } from './search/propose.js';
export { runSearch, type SearchOptions, type SearchOutcome } from './search/run-search.js';
export { winner } from './search/winner.js';
export { trainBoosting } from './trees/train-boosting.js';
export { trainForest } from './trees/train-forest.js';
export { TreeModel, type TreeModelJson, type TreeRecord } from './trees/tree-model.js';
export { Random } from './random.js';
export { evaluationCurves, type EvaluationCurves } from './metrics/curves.js';
