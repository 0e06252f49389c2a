import type { BenchCase } from '../bench.js';

/** Dependencies installed, built, nats-server fetched: what remains is what every start costs. */
export const start: BenchCase = {
  name: 'start',
  about: 'npm start to its ready line, dependencies installed, all cores',
  unit: 's',
  needsLoadGenerator: false,
  maxBlocks: 3,
  warmUp: false,
  prepare: async ({ clock }) => {
    const { natsProgram } = await import('#tests/support/nats.js');
    const { makeFolder } = await import('#tests/support/run-folder.js');
    const { timeNpmStart } = await import('../product/npm-start.js');
    const natsServer = await natsProgram();
    let dataDir = '';
    return {
      alternatives: [
        {
          name: 'empty data folder',
          measure: async () => {
            dataDir = makeFolder('bench-start');
            return { value: await timeNpmStart(clock, dataDir, natsServer) };
          },
        },
        {
          name: 'the same folder again',
          against: 'empty data folder',
          measure: async () => ({ value: await timeNpmStart(clock, dataDir, natsServer) }),
        },
      ],
      close: () => Promise.resolve(),
    };
  },
};
