import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/index.js';
import type { BenchCase, BenchContext } from '../bench.js';
import { runCase } from './run-case.js';

const context: BenchContext = {
  clock: systemClock,
  pinning: { description: '', server: () => [], generator: () => [], moveToServerCore: () => undefined },
  load: { run: () => Promise.reject(new Error('this case drives no server')) },
  scratch: '',
  confine: false,
};

/** A case of two alternatives that keeps what was done with it. */
function recordingCase(extra: Partial<BenchCase> = {}): { bench: BenchCase; log: string[] } {
  const log: string[] = [];
  const alternative = (name: string, against?: string) => ({
    name,
    ...(against === undefined ? {} : { against }),
    measure: (seconds: number) => {
      log.push(`${name} ${seconds}`);
      return Promise.resolve({ value: name === 'a' ? log.length : 2 * (log.length - 1) });
    },
  });
  const close = () => {
    log.push('close');
    return Promise.resolve();
  };
  const bench: BenchCase = {
    name: 'x',
    about: 'two alternatives',
    unit: 'runs/s',
    needsLoadGenerator: false,
    prepare: () => Promise.resolve({ alternatives: [alternative('a'), alternative('b', 'a')], close }),
    ...extra,
  };
  return { bench, log };
}

const options = { seconds: 3, blocks: 2, signal: new AbortController().signal };

describe('runCase', () => {
  it('takes the alternatives in turn after one shorter round that does not count, and closes', async () => {
    const { bench, log } = recordingCase();
    const result = await runCase(bench, context, options);
    expect(log).toEqual(['a 1', 'b 1', 'a 3', 'b 3', 'a 3', 'b 3', 'close']);
    expect(result.samples).toEqual([
      { name: 'a', values: [3, 5] },
      { name: 'b', values: [6, 10] },
    ]);
    expect(result.rows[1]?.ratio).toEqual({ against: 'a', median: 2, min: 2, max: 2 });
  });

  it('obeys a case that wants fewer blocks and no warm-up', async () => {
    const { bench, log } = recordingCase({ maxBlocks: 1, warmUp: false });
    expect((await runCase(bench, context, options)).blocks).toBe(1);
    expect(log).toEqual(['a 3', 'b 3', 'close']);
  });

  it('closes what it started when a measurement fails', async () => {
    const { bench, log } = recordingCase();
    const failing: BenchCase = {
      ...bench,
      prepare: async (given) => ({
        ...(await bench.prepare(given)),
        alternatives: [{ name: 'a', measure: () => Promise.reject(new Error('the server is gone')) }],
      }),
    };
    await expect(runCase(failing, context, options)).rejects.toThrow('the server is gone');
    expect(log).toEqual(['close']);
  });

  it('stops between two measurements when told to', async () => {
    const { bench, log } = recordingCase();
    const controller = new AbortController();
    controller.abort(new Error('interrupted'));
    await expect(runCase(bench, context, { ...options, signal: controller.signal })).rejects.toThrow('interrupted');
    expect(log).toEqual(['close']);
  });
});
