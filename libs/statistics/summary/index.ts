/*
 * Public surface:
 *   referencesOf(baseline, features, classifies)   a version's references: features, outputs, target
 *   referenceOf(profile, sample), referenceFromRows(columns, seed)
 *   new ColumnLookup(reference, { numberOf? })     a reference's bins, made once for all its windows
 *   new WindowSummary(lookups)                     add(sources, rows, reservoir?), merge, figures, state / restore
 *   summaryJson(state), summaryState(json)         the state as JSON and back
 *   binQuantiles(edges, figures, shares)           quantiles from bins
 *   new Reservoir({ columns, seed })               at most 5,000 rows of a window
 *   windowSamples(summary, reservoir)              what drift tests read
 *   windowRows(lookups, reservoir), baselineRows(lookups, sample)   rows, what multivariate methods read
 */
export type { Bins, CategoryBins, ColumnSample, NumericBins, ReferenceColumn } from './column.js';
export { BinLookup } from './bin-lookup.js';
export { ColumnLookup, type LookupOptions } from './column-lookup.js';
export type { ColumnFigures, ColumnState, UnseenCategories } from './column-summary.js';
export type { ColumnData, ColumnSource, RowSelection } from './column-data.js';
export { DistinctCount, type DistinctState } from './distinct-count.js';
export { Moments, type MomentsState } from './moments.js';
export { binQuantiles, type BinnedValues } from './quantiles.js';
export { referenceFromRows, type RowsOfColumn } from './reference-from-rows.js';
export { referenceOf, referencesOf, type ReferenceOptions, type References, type SampleValue } from './reference.js';
export type { KnownOthers, ReferenceSummary } from './reference-summary.js';
export { drawnRows, Reservoir, type ReservoirOptions, type ReservoirState } from './reservoir.js';
export { baselineRows, windowRows, type SampledRows } from './rows.js';
export { summaryJson, summaryState, type SummaryJson } from './summary-json.js';
export { windowSamples } from './window-samples.js';
export { WindowSummary, type SummaryState } from './window-summary.js';
