import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endAbandonedRuns } from './end-run.mjs';

/** Jest's workers inherit the environment: the servers they start live below this run's folder. */
export default function globalSetup() {
  endAbandonedRuns();
  const folder = mkdtempSync(join(tmpdir(), `modelog-tests-${process.pid}-`));
  // PostgreSQL runs as another user when the tests run as root.
  chmodSync(folder, 0o711);
  process.env.MODELOG_TEST_RUN = folder;
}
