export { registry } from './apply.js';
export { decisionLimit, RegistryQueries, type ListAt, type Page } from './queries.js';
export type { HistoryOf } from './read/history.js';
