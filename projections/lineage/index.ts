export { lineage } from './apply.js';
export { parentNode, versionNode } from './node.js';
export { openLineageEvents, openLineageVersion, type OpenLineageRunEvent } from './open-lineage.js';
export { graphBounds, LineageQueries, type Descent, type GraphOptions } from './queries.js';
