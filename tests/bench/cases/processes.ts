import type { BenchCase } from '../bench.js';
import { closeAll } from '../harness/close-all.js';
import { httpAlternative } from '../harness/http-alternative.js';
import { connectionsOf } from '../harness/http-comparison.js';
import { writeSingleRequests } from '../harness/predict-requests.js';

/**
 * What a second serving process costs: CPU per request is to stay the same. All of them are on the server's core, so the
 * rate says nothing of what a second core would bring.
 */
export const processes: BenchCase = {
  name: 'processes',
  about: 'POST /api/predict with two serving processes beside one, all on one core: look at the CPU per request',
  unit: 'requests/s',
  needsLoadGenerator: true,
  prepare: async (context) => {
    const requests = writeSingleRequests(context.scratch);
    const { startProduct } = await import('../product/product-under-test.js');
    const open = closeAll();
    try {
      const one = open.add(await startProduct(context, 1));
      const two = open.add(await startProduct(context, 2));
      return {
        alternatives: [8, 64].flatMap((connections) => {
          const name = (count: string): string => `${count}, ${connectionsOf(connections)}`;
          const shared = { requests, connections };
          return [
            httpAlternative(context, { ...shared, name: name('one process'), target: one }),
            httpAlternative(context, {
              ...{ ...shared, name: name('two processes'), target: two, against: name('one process') },
            }),
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
