import { expect, it } from '@jest/globals';
import { api, configurationFiles } from '#libs/contracts/index.js';
import { configured } from './configured.js';

const of = (serving: object) => configured(configurationFiles.parse({ pipeline: { serving } }).pipeline);

it.each([
  [{ max_batch_rows: 7 }, { maxBatchRows: 7 }],
  [{ max_queued_rows: 10_000 }, { maxQueuedRows: 10_000 }],
  [{ queue_deadline_ms: 7.5 }, { queueDeadlineMs: 7.5 }],
  [{ max_model_mb: 7.5 }, { maxModelMb: 7.5 }],
  [{ cache_entries: 7 }, { cacheEntries: 7 }],
])('%j of serving is what a process serves by, and changes nothing else', (given, expected) => {
  expect(of(given)).toEqual({ ...of({}), ...expected });
});

it('takes no bound on rows that a request alone could exceed', () => {
  const { rows } = api.batchLimits;
  expect(() => of({ max_queued_rows: rows - 1 })).toThrow(/>=10000/);
  expect(of({ max_queued_rows: rows }).maxQueuedRows).toBe(rows);
});
