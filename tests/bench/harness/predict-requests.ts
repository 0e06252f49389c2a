import { join } from 'node:path';
import { writeRequests } from '../load/requests.js';
import { makeRows, namedRow } from './rows.js';

/** The deployment that every predict request names. */
export const deploymentName = 'bench-forest';

const SINGLE_REQUESTS = 2_000;
const BATCH_REQUESTS = 50;

/** Writes prepared requests for POST /api/predict, each with another row, into `folder`. Returns the file. */
export function writeSingleRequests(folder: string): string {
  const file = join(folder, 'predict.requests');
  const bodies = makeRows(SINGLE_REQUESTS, 2).map((row) => ({ deployment: deploymentName, input: namedRow(row) }));
  writeRequests(file, '/api/predict', bodies);
  return file;
}

/** The same for POST /api/predict/batch, `rowsPerRequest` rows in each. */
export function writeBatchRequests(folder: string, rowsPerRequest: number): string {
  const file = join(folder, 'predict-batch.requests');
  const rows = makeRows(BATCH_REQUESTS * rowsPerRequest, 3).map(namedRow);
  const bodies = Array.from({ length: BATCH_REQUESTS }, (_, i) => ({
    deployment: deploymentName,
    inputs: rows.slice(i * rowsPerRequest, (i + 1) * rowsPerRequest),
  }));
  writeRequests(file, '/api/predict/batch', bodies);
  return file;
}
