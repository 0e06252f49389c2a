export { asOf } from './as-of.js';
export { Changes } from './changes.js';
export {
  cursorOf,
  readCursor,
  readSearchCursor,
  searchCursorOf,
  type Cursor,
  type Search,
  type SearchCursor,
} from './cursor.js';
export {
  isConnectionLost,
  isUndefinedTable,
  openDatabase,
  type Database,
  type DatabaseOptions,
  type Queryable,
} from './database.js';
export { digest, type ProjectionDigest, type TableDigest } from './digest.js';
export {
  NotReached,
  ProjectingError,
  ProjectionFailed,
  ProjectionFenced,
  RebuildInProgress,
  SchemaMismatch,
  StreamTruncated,
} from './errors.js';
export { filterSql } from './filter/filter-sql.js';
export { filterLimits, parseFilter, type Comparison, type Filter } from './filter/parse-filter.js';
export type {
  ComparisonInSql,
  FamilyDefinition,
  Field,
  FieldDefinition,
  FieldType,
  FieldValue,
  FilterSchema,
  Operator,
} from './filter/schema.js';
export {
  orderLimit,
  pageSql,
  parseOrder,
  sortedLength,
  sortValuesOf,
  type Order,
  type OrderTerm,
  type PageSql,
  type Sort,
  type SortKey,
  type SortValues,
} from './filter/sort.js';
export { groupBy } from './group-by.js';
export type { Before, Decoded, Operation, Projection, Recorded, RowReference, StreamName } from './projection.js';
export { ProjectionReader, type AsOfCut, type ReadAt, type ReaderOptions } from './reader.js';
export { rebuild, type RebuildOptions, type RebuildProgress, type RebuildReport } from './rebuild.js';
export {
  runProjection,
  type ProjectionNotice,
  type ProjectionStatus,
  type RunningProjection,
  type RunProjectionOptions,
} from './run-projection.js';
export { pageOf, readSearch, type Asked, type Searched, type SearchAt } from './search.js';
export { eventsSource, trafficSource, windowsSource, type MessageSource, type Position } from './source.js';
export { readCheckpoint, type Checkpoint } from './checkpoint.js';
export { streamCut } from './cut.js';
export { content, current, keyOf, temporal, type ColumnType, type Row, type Table, type Value } from './table.js';
