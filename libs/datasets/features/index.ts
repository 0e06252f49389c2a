export { automaticPipeline, type AutomaticFeatures, type IgnoredColumn } from './automatic.js';
export type {
  Adjustment,
  Category,
  FeatureColumn,
  FittedFeatures,
  FittedStep,
  InputKind,
  RawColumn,
} from './fitted.js';
export { fitFeatures, fitTransformFeatures } from './fit.js';
export { featureGraph, type FeatureGraph } from './graph.js';
export { rawInputs, type RawInput } from './raw-inputs.js';
export type { Supervision } from './target-encoding.js';
export { transformFeatures, type TransformOptions } from './transform.js';
