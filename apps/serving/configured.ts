import type { ConfigurationFiles } from '#libs/contracts/index.js';
import type { ServingOptions } from './serving-options.js';

type Configured = Pick<
  ServingOptions,
  'maxBatchRows' | 'maxQueuedRows' | 'queueDeadlineMs' | 'maxModelMb' | 'cacheEntries'
>;

/** What the configuration says of how a process serves. */
export const configured = ({ serving }: ConfigurationFiles['pipeline']): Configured => ({
  maxBatchRows: serving.max_batch_rows,
  maxQueuedRows: serving.max_queued_rows,
  queueDeadlineMs: serving.queue_deadline_ms,
  maxModelMb: serving.max_model_mb,
  cacheEntries: serving.cache_entries,
});
