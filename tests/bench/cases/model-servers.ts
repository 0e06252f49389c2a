import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../bench.js';
import { startBentoml, startMlserver } from '../baselines/python-servers.js';
import { findPython } from '../baselines/python.js';
import { closeAll } from '../harness/close-all.js';
import { httpAlternative } from '../harness/http-alternative.js';
import { connectionsOf } from '../harness/http-comparison.js';
import { writeProtocolRequests, writeRowRequests, writeSingleRequests } from '../harness/predict-requests.js';
import { forestFile } from '../models/forest.js';

/** The same graph in the model servers of others, which record nothing; each one row a request, in its own JSON. */
export const modelServers: BenchCase = {
  name: 'model-servers',
  about: 'POST /api/predict, recorded, beside MLServer and BentoML on the same ONNX file, which record nothing',
  unit: 'requests/s',
  needsLoadGenerator: true,
  prepare: async (context) => {
    const python = await findPython(['mlserver', 'bentoml', 'onnxruntime']);
    if (typeof python === 'string') return notHere(python);
    const { startProduct } = await import('../product/product-under-test.js');
    const open = closeAll();
    const folder = (name: string): string => {
      const path = join(context.scratch, name);
      mkdirSync(path);
      return path;
    };
    const shared = { pinning: context.pinning, modelFile: forestFile };
    try {
      const product = open.add(await startProduct(context));
      const mlserver = open.add(await startMlserver({ ...shared, folder: folder('mlserver') }));
      const bentoml = open.add(await startBentoml({ ...shared, folder: folder('bentoml') }));
      const targets = [
        { name: 'MLServer', target: mlserver, requests: writeProtocolRequests(context.scratch, mlserver.path) },
        { name: 'BentoML', target: bentoml, requests: writeRowRequests(context.scratch, bentoml.path) },
      ];
      const own = { target: product, requests: writeSingleRequests(context.scratch) };
      return {
        alternatives: [1, 8, 64, 256].flatMap((connections) =>
          targets.flatMap(({ name, target, requests }) => {
            const theirs = `${name}, ${connectionsOf(connections)}`;
            return [
              httpAlternative(context, { name: theirs, target, requests, connections }),
              httpAlternative(context, {
                ...{ ...own, connections, name: `predict beside ${theirs}`, against: theirs },
              }),
            ];
          }),
        ),
        report: () => Promise.resolve({ text: python.description }),
        close: () => open.close(),
      };
    } catch (error) {
      await open.close();
      throw error;
    }
  },
};

const notHere = (reason: string): Awaited<ReturnType<BenchCase['prepare']>> => ({
  alternatives: [],
  report: () => Promise.resolve({ text: `not measured: ${reason}` }),
  close: () => Promise.resolve(),
});
