export { findings } from './apply.js';
export { FindingQueries, type FindingsAt, type PredictionMoment } from './queries.js';
