import type { BenchCase } from '../bench.js';
import { startHttpBaselines } from '../baselines/index.js';
import { httpComparison } from '../harness/http-comparison.js';
import { writeSingleRequests } from '../harness/predict-requests.js';

/** What Node can do for a prediction's bytes without predicting, and whether the load generator can drive twice that. */
export const http: BenchCase = {
  name: 'http',
  about: 'bare node:http echo of a prediction, beside a raw TCP server',
  unit: 'requests/s',
  needsLoadGenerator: true,
  prepare: async (context) => {
    const baselines = await startHttpBaselines(context.pinning);
    const requests = writeSingleRequests(context.scratch);
    return {
      alternatives: [1, 8, 64].flatMap((connections) =>
        httpComparison(context, baselines, undefined, { connections, requests }),
      ),
      close: () => baselines.stop(),
    };
  },
};
