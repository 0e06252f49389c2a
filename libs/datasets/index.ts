/*
 * Public surface:
 *   profileOf(bytes, format, options)  → FeatureProfile per column | DatasetRefusal
 *   rowsOf(bytes, format, limits)       → its rows by column | DatasetRefusal
 *   dataFormats                        → what is read: csv, jsonl, json
 *   Limits, defaultLimits              → bytes, rows, columns and cells that are read at most
 *   DatasetRefusal                     → why bytes are refused, and where
 */
export { profileOf, type ProfileOptions } from './profile.js';
export { rowsOf, type Row } from './rows.js';
export { dataFormats, type DataFormat } from './read-table.js';
export { defaultLimits, type Limits } from './limits.js';
export type { DatasetRefusal, DatasetRefusalReason } from './refusal.js';
