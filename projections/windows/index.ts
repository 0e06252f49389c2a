export { windows } from './apply.js';
export { WindowQueries, type WindowReaders, type WindowsAt } from './queries.js';
