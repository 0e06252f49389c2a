import type { BenchCase, BenchContext, PreparedCase } from '../bench.js';
import { startHttpBaselines, startNaivePredict } from '../baselines/index.js';
import { closeAll } from '../harness/close-all.js';
import { httpAlternative } from '../harness/http-alternative.js';
import { connectionsOf, httpComparison, type HttpComparison } from '../harness/http-comparison.js';
import { writeBatchRequests, writeSingleRequests } from '../harness/predict-requests.js';
import { forestFile } from '../models/forest.js';

const BATCH_ROWS = 100;

/** The product's own figure: one row a request, recorded, acknowledged and synced before the answer. */
export const predict: BenchCase = {
  name: 'predict',
  about:
    'POST /api/predict, one serving process, recording acknowledged and synced; naive: a run and a chunk a request',
  unit: 'requests/s',
  needsLoadGenerator: true,
  prepare: async (context) => {
    const requests = writeSingleRequests(context.scratch);
    const { startProduct } = await import('../product/product-under-test.js');
    const open = closeAll();
    try {
      const product = open.add(await startProduct(context));
      const baselines = open.add(await startHttpBaselines(context.pinning));
      const naive = open.add(await startNaivePredict(context.pinning, forestFile, product.natsUrl));
      return {
        alternatives: [1, 8, 64, 256].flatMap((connections) => {
          const comparison = { connections, requests };
          const compared = httpComparison(context, baselines, product, comparison);
          if (connections > 8) return compared;
          const name = `naive, ${connectionsOf(connections)}`;
          const against = `echo, ${connectionsOf(connections)}`;
          const beside = `predict beside naive, ${connectionsOf(connections)}`;
          return [
            ...compared,
            httpAlternative(context, { ...comparison, name, target: naive, against }),
            httpAlternative(context, { ...comparison, name: beside, target: product, against: name }),
          ];
        }),
        close: () => open.close(),
      };
    } catch (error) {
      await open.close();
      throw error;
    }
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
  const open = closeAll();
  try {
    const product = open.add(await startProduct(context));
    const baselines = open.add(await startHttpBaselines(context.pinning));
    return {
      alternatives: comparisons.flatMap((comparison) => httpComparison(context, baselines, product, comparison)),
      close: () => open.close(),
    };
  } catch (error) {
    await open.close();
    throw error;
  }
}
