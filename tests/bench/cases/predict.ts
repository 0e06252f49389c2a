import type { BenchCase, BenchContext, PreparedCase } from '../bench.js';
import { startHttpBaselines } from '../baselines/index.js';
import { httpComparison, type HttpComparison } from '../harness/http-comparison.js';
import { writeBatchRequests, writeSingleRequests } from '../harness/predict-requests.js';

const BATCH_ROWS = 100;

/** The product's own figure: one row a request, recorded, acknowledged and synced before the answer. */
export const predict: BenchCase = {
  name: 'predict',
  about: 'POST /api/predict, one serving process, recording acknowledged and synced',
  unit: 'requests/s',
  needsLoadGenerator: true,
  prepare: (context) => {
    const requests = writeSingleRequests(context.scratch);
    return compare(
      context,
      [1, 8, 64].map((connections) => ({ connections, requests })),
    );
  },
};

export const predictBatch: BenchCase = {
  name: 'predict-batch',
  about: `POST /api/predict/batch with ${BATCH_ROWS} rows, one serving process, recording acknowledged and synced`,
  unit: 'rows/s',
  needsLoadGenerator: true,
  prepare: (context) => {
    const requests = writeBatchRequests(context.scratch, BATCH_ROWS);
    return compare(
      context,
      [1, 8].map((connections) => ({ connections, requests, rowsPerRequest: BATCH_ROWS })),
    );
  },
};

async function compare(context: BenchContext, comparisons: readonly HttpComparison[]): Promise<PreparedCase> {
  // Loaded when it is used: the rows that need no product also run where none can start.
  const { startProduct } = await import('../product/product-under-test.js');
  const product = await startProduct(context);
  const baselines = await startHttpBaselines(context.pinning).catch(async (error: unknown) => {
    await product.stop();
    throw error;
  });
  return {
    alternatives: comparisons.flatMap((comparison) => httpComparison(context, baselines, product, comparison)),
    close: async () => {
      await Promise.all([baselines.stop(), product.stop()]);
    },
  };
}
