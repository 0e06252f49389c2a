import type { Alternative, BenchCase } from '../bench.js';
import { startOnnxLoop } from '../baselines/index.js';
import { closeAll } from '../harness/close-all.js';
import { httpAlternative } from '../harness/http-alternative.js';
import { connectionsOf } from '../harness/http-comparison.js';
import { writeBatchRequests, writeBinaryRequests } from '../harness/predict-requests.js';
import { forestFile } from '../models/forest.js';
import { loopAlternative } from './onnx.js';

const ROWS = 1_000;

/** How much of the model's own speed is left when its rows come over HTTP and are recorded. */
export const largeBatches: BenchCase = {
  name: 'large-batches',
  about: `${ROWS} rows a request, as JSON and as binary tensors, beside a bare onnxruntime loop over as many rows a run`,
  unit: 'rows/s',
  needsLoadGenerator: true,
  prepare: async (context) => {
    const forms = [
      { form: 'predict/batch', requests: writeBatchRequests(context.scratch, ROWS) },
      { form: 'infer, binary', requests: writeBinaryRequests(context.scratch, ROWS) },
    ];
    const { startProduct } = await import('../product/product-under-test.js');
    const open = closeAll();
    try {
      const loop = open.add(await startOnnxLoop(context.pinning, forestFile));
      const product = open.add(await startProduct(context));
      const bare = loopAlternative(loop, ROWS);
      const alternatives: Alternative[] = forms.flatMap(({ form, requests }) =>
        [1, 8].map((connections) =>
          httpAlternative(context, {
            ...{ name: `${form}, ${connectionsOf(connections)}`, against: bare.name, target: product },
            ...{ requests, connections, rowsPerRequest: ROWS },
          }),
        ),
      );
      return { alternatives: [bare, ...alternatives], close: () => open.close() };
    } catch (error) {
      await open.close();
      throw error;
    }
  },
};
