/*
 * Public surface:
 *   loadModel(bytes, signature)          → LoadedModel | LoadRejection
 *   rowEncoder(signature)                → RowEncoder: JSON rows into input columns, or a RowRefusal
 *   jsonRowReader(signature)             → the same for many rows, from JSON text without objects in between
 *   outputReader(signature)              → output columns back into JSON
 *   new MicroBatcher(model, options)     → rows of many requests, one run
 *   compareOutputs(one, other, rows)     → how much the outputs of two models differ
 *   sampleRows(signature, options)       → rows drawn from a signature, by seededRandom(seed)
 *   Column, ColumnInfo, PredictionOutput → what the recorder stores and the caller gets
 */
export type { Column, ColumnData, ColumnInfo, RunOutputs } from './columns.js';
export { sliceOf } from './columns.js';
export { InputBatch, type BatchColumn } from './input-batch.js';
export type { ColumnRefusal } from './column-rules.js';
export { jsonRowReader, type JsonRowReader, type JsonRows } from './json-rows.js';
export { rowEncoder, type RowEncoder } from './row-encoder.js';
export type { FeatureProblem, RefusalCode, RowRefusal } from './refusal.js';
export { outputReader, type OutputReader, type PredictionOutput, type OutputValue } from './output-reader.js';
export { InferenceError, type InferenceErrorCode, type LoadRejection } from './errors.js';
export { loadModel, type LoadedModel, type LoadOptions } from './model.js';
export type { RunObserver } from './run-observer.js';
export { compareOutputs, type ComparisonRefusal, type OutputDifference } from './compare-outputs.js';
export { sampleRows, seededRandom, type SampleOptions, type SampleRow } from './sample-rows.js';
export { MicroBatcher, type ManyRefusal, type MicroBatcherOptions, type Schedule } from './micro-batcher.js';
export type { AttemptedRun, CompletedRun, Done, RequestOutcome, RunSlice, RunTiming } from './request-outcome.js';
