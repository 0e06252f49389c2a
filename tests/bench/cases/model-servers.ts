import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../bench.js';
import { startBentoml, startMlserver } from '../baselines/python-servers.js';
import { findPython } from '../baselines/python.js';
import { closeAll } from '../harness/close-all.js';
import { httpAlternative, type HttpTarget } from '../harness/http-alternative.js';
import { connectionsOf } from '../harness/http-comparison.js';
import { writeProtocolRequests, writeRowRequests, writeSingleRequests } from '../harness/predict-requests.js';
import { forestFile } from '../models/forest.js';

/** They cannot be installed beside each other: each has an interpreter of its own. */
const servers = [
  {
    ...{ name: 'MLServer', variable: 'MODELOG_BENCH_MLSERVER', packages: ['mlserver', 'onnxruntime'] },
    ...{ start: startMlserver, writeRequests: writeProtocolRequests },
  },
  {
    ...{ name: 'BentoML', variable: 'MODELOG_BENCH_BENTOML', packages: ['bentoml', 'onnxruntime'] },
    ...{ start: startBentoml, writeRequests: writeRowRequests },
  },
] as const;

/** The same graph in the model servers of others, which record nothing; each one row a request, in its own JSON. */
export const modelServers: BenchCase = {
  name: 'model-servers',
  about: 'POST /api/predict, recorded, beside MLServer and BentoML on the same ONNX file, which record nothing',
  unit: 'requests/s',
  needsLoadGenerator: true,
  prepare: async (context) => {
    const found = await Promise.all(
      servers.map(async (server) => ({ server, python: await findPython(server.packages, server.variable) })),
    );
    const present = found.flatMap(({ server, python }) => (typeof python === 'string' ? [] : [{ server, python }]));
    const told = found.map(({ server: { name }, python }) =>
      typeof python === 'string' ? `${name} not measured: ${python}` : `${name}: ${python.description}`,
    );
    const report = () => Promise.resolve({ text: told.join('\n') });
    if (present.length === 0) return { alternatives: [], report, close: () => Promise.resolve() };
    const { startProduct } = await import('../product/product-under-test.js');
    const open = closeAll();
    try {
      const product = open.add(await startProduct(context));
      const targets: Target[] = [];
      for (const { server, python } of present) {
        const folder = join(context.scratch, server.name);
        mkdirSync(folder);
        const { command } = python;
        const started = await server.start({ command, pinning: context.pinning, modelFile: forestFile, folder });
        const target = open.add(started);
        targets.push({ name: server.name, target, requests: server.writeRequests(context.scratch, target.path) });
      }
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
        report,
        close: () => open.close(),
      };
    } catch (error) {
      await open.close();
      throw error;
    }
  },
};

interface Target {
  readonly name: string;
  readonly target: HttpTarget;
  readonly requests: string;
}
