export { training } from './apply.js';
export { TrainingQueries, type JobAt, type JobsAt } from './queries.js';
