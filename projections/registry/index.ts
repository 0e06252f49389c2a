export { registry } from './apply.js';
export { RegistryQueries, type ListAt, type ModelPage } from './queries.js';
