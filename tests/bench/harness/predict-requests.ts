import { join } from 'node:path';
import { writePrepared, writeRequests } from '../load/requests.js';
import { featureNames, makeRows, namedRow } from './rows.js';

/** The deployment that every predict request names. */
export const deploymentName = 'bench-forest';

const SINGLE_REQUESTS = 2_000;
/** Of all requests of a batch file together: as many as do not make a forest's branches predictable. */
const BATCH_ROWS = 8_000;

/** Writes prepared requests for POST /api/predict, each with another row, into `folder`. Returns the file. */
export function writeSingleRequests(folder: string): string {
  const file = join(folder, 'predict.requests');
  const bodies = makeRows(SINGLE_REQUESTS, 2).map((row) => ({ deployment: deploymentName, input: namedRow(row) }));
  writeRequests(file, '/api/predict', bodies);
  return file;
}

/** The same for POST /api/predict/batch, `rowsPerRequest` rows in each. */
export function writeBatchRequests(folder: string, rowsPerRequest: number): string {
  const file = join(folder, `predict-batch-${rowsPerRequest}.requests`);
  const bodies = batches(rowsPerRequest).map((rows) => ({ deployment: deploymentName, inputs: rows.map(namedRow) }));
  writeRequests(file, '/api/predict/batch', bodies);
  return file;
}

/** One row in each as the Open Inference Protocol has it in JSON: for `path`, all 30 features in one tensor. */
export function writeProtocolRequests(folder: string, path: string): string {
  const file = join(folder, `${path.replaceAll('/', '-')}.requests`);
  writeRequests(
    file,
    path,
    makeRows(SINGLE_REQUESTS, 2).map((row) => ({
      inputs: [{ name: inputName, shape: [1, featureNames.length], datatype: 'FP32', data: row }],
    })),
  );
  return file;
}

/** One row in each as BentoML's service takes it: `rows`, a list of lists. */
export function writeRowRequests(folder: string, path: string): string {
  const file = join(folder, 'rows.requests');
  writeRequests(
    file,
    path,
    makeRows(SINGLE_REQUESTS, 2).map((row) => ({ rows: [row] })),
  );
  return file;
}

/** The protocol's binary form, asked for and answered: float32, little-endian, behind the JSON. */
export function writeBinaryRequests(folder: string, rowsPerRequest: number): string {
  const file = join(folder, `infer-binary-${rowsPerRequest}.requests`);
  writePrepared(
    file,
    batches(rowsPerRequest).map((rows) => {
      const tensor = Buffer.from(Float32Array.from(rows.flat()).buffer);
      const json = Buffer.from(
        JSON.stringify({
          parameters: { binary_data_output: true },
          inputs: [
            {
              ...{ name: inputName, shape: [rowsPerRequest, featureNames.length], datatype: 'FP32' },
              parameters: { binary_data_size: tensor.length },
            },
          ],
        }),
      );
      return {
        path: `/v2/models/${deploymentName}/infer`,
        headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(json.length) },
        body: Buffer.concat([json, tensor]),
      };
    }),
  );
  return file;
}

/** The graph's one input. */
const inputName = 'input';

function batches(rowsPerRequest: number): number[][][] {
  const rows = makeRows(BATCH_ROWS, 3);
  return Array.from({ length: Math.floor(BATCH_ROWS / rowsPerRequest) }, (_, index) =>
    rows.slice(index * rowsPerRequest, (index + 1) * rowsPerRequest),
  );
}
