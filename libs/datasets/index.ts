/*
 * Public surface:
 *   openDataFile, fetchedSource, fileSource, bytesSource → DataSource: bytes that can be read several times
 *   scanDataset(source, format)       → schema, profile and digest in bounded memory | DatasetRefusal
 *   scanApart(file, format)           → the same, in a process of its own
 *   loadTable(source, format, schema) → Table | DatasetRefusal
 *   parseTimestamp(text)              → milliseconds since the epoch
 *   profileOf, rowsOf                 → small data sets of bytes: FeatureProfile per column; rows
 *   automaticPipeline(schema, …)      → FeaturePipeline for trees or linear models
 *   fitFeatures, transformFeatures    → FittedFeatures as JSON; FeatureMatrix of float32
 *   featureGraph, rawInputs           → the same as nodes of an ONNX graph; what to feed it with
 */
export { buildBaseline, type BaselineOptions } from './baseline.js';
export { checkTable, type CheckOptions } from './checks/check-table.js';
export type { LabelAnswer, LabelClasses } from './checks/label.js';
export { bytesSource, fileSource, type DataSource, type FileSource } from './sources/data-source.js';
export { checkUrl, fetchedSource, type FetchOptions } from './sources/fetched-source.js';
export { formatOf } from './sources/format-of.js';
export { openDataFile } from './sources/open-data-file.js';
export { scanApart, type ScanApartOptions } from './scan/scan-apart.js';
export { scanDataset, type ScannedDataset, type ScanOptions } from './scan/scan-dataset.js';
export { loadTable, type LoadOptions } from './table/load-table.js';
export { parseTimestamp, timestampPattern } from './timestamp.js';
export { profileOf, type ProfileOptions } from './profile.js';
export { rowsOf, type Row } from './rows.js';
export { dataFormats, type DataFormat } from './read-table.js';
export { defaultLimits, type Limits } from './limits.js';
export type { DatasetRefusal, DatasetRefusalReason } from './refusal.js';
export {
  automaticPipeline,
  featureGraph,
  fitFeatures,
  fitTransformFeatures,
  rawInputs,
  transformFeatures,
  type AutomaticFeatures,
  type FeatureColumn,
  type FeatureGraph,
  type FittedFeatures,
  type IgnoredColumn,
  type RawColumn,
  type RawInput,
  type Supervision,
  type TransformOptions,
} from './features/index.js';
