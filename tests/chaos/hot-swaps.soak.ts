import { describe, expect, it } from '@jest/globals';
import { hotSwaps } from './hot-swaps.js';

const swaps = Number(process.env.MODELOG_SOAK_SWAPS ?? 1_000);
const settledAfter = 50;
const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

describe('hot swaps under load', () => {
  it(`${swaps} of them fail no request and leave the pool as large as it was`, async () => {
    const { answered, failures, pools } = await hotSwaps({
      swaps,
      connections: 16,
      restMs: 10,
      env: { MODELOG_SERVING_PROCESSES: '2', MODELOG_SERVING_STANDBY: '1' },
      onSwap: (swap, { residentBytes, pids }) => {
        if (swap % settledAfter === 0)
          process.stdout.write(`swap ${swap}: ${mebibytes(residentBytes)} MiB in ${pids.length} processes\n`);
      },
    });
    const after = (swap: number): number => mebibytes(pools[swap]!.residentBytes);
    const lives = new Set(pools.flatMap(({ pids }) => pids)).size;
    console.log(
      `${answered} answered, ${lives} serving processes in all; resident ${after(settledAfter)} MiB after ${settledAfter} swaps, ${after(swaps)} MiB after ${swaps}`,
    );
    expect(failures).toEqual({});
    expect(pools[swaps]!.residentBytes).toBeLessThan(1.1 * pools[settledAfter]!.residentBytes);
  }, 3_600_000);
});
