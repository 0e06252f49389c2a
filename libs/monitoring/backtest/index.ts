export { givenLabel } from './given-label.js';
export { RecordedErrors, type ErrorCounts, type ErrorLabel } from './recorded-errors.js';
export { RowCounts } from './row-counts.js';
export { scanLabels, type ScannedLabel, type ScannedLabels } from './scan-labels.js';
