import { describe, expect, it } from '@jest/globals';
import { until } from '#tests/support/wait.js';
import { freeBytesOf, nextDiskState, watchDiskSpace } from './disk-space.js';

const mebibytes = (count: number): number => count * 2 ** 20;

describe('the space of a disk', () => {
  it('is low below 16 MiB, and enough again only above 48', () => {
    expect(nextDiskState('enough', mebibytes(16))).toBe('enough');
    expect(nextDiskState('enough', mebibytes(16) - 1)).toBe('low');
    expect(nextDiskState('low', mebibytes(48))).toBe('low');
    expect(nextDiskState('low', mebibytes(48) + 1)).toBe('enough');
  });

  it('is told at each turn once, and a recovery that fails is tried again', async () => {
    const readings = [100, 15, 3, 20, 48, 49, 50, 17, 2].map(mebibytes);
    const told: string[] = [];
    let recoveries = 0;
    const watching = watchDiskSpace({
      freeBytes: () => Promise.resolve(readings.shift() ?? mebibytes(2)),
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      onLow: (free) => told.push(`low ${free / mebibytes(1)}`),
      onRecovered: (free) => {
        told.push(`recovered ${free / mebibytes(1)}`);
        return ++recoveries === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve();
      },
      onFailure: (reason) => told.push(reason),
    });
    await until(() => readings.length === 0 && told.length >= 5, { what: 'every reading' });
    await watching.stop();
    expect(told).toEqual(['low 15', 'recovered 49', 'not yet', 'recovered 50', 'low 2']);
  });

  it('is what the file system says', async () => {
    expect(await freeBytesOf(import.meta.dirname)).toBeGreaterThan(0);
    await expect(freeBytesOf('/nowhere/at/all')).rejects.toThrow('ENOENT');
  });
});
