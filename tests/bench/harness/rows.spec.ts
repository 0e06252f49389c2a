import { describe, expect, it } from '@jest/globals';
import { featureNames, makeRows, namedRow } from './rows.js';

describe('makeRows', () => {
  const rows = makeRows(500, 1);

  it('gives different rows of thirty values, spread over [0, 1)', () => {
    expect(new Set(rows.map((row) => row.join())).size).toBe(500);
    expect(rows.every((row) => row.length === 30 && row.every((value) => value >= 0 && value < 1))).toBe(true);
    const values = rows.flat();
    for (const bound of [0.25, 0.5, 0.75]) {
      expect(Math.abs(values.filter((value) => value < bound).length / values.length - bound)).toBeLessThan(0.02);
    }
  });

  it('gives the same rows for the same seed, and others for another', () => {
    expect(makeRows(500, 1)).toEqual(rows);
    expect(makeRows(500, 2)).not.toEqual(rows);
  });

  it('names values by column', () => {
    const named = namedRow(rows[0]!);
    expect(Object.keys(named)).toEqual(featureNames);
    expect(named['f29']).toBe(rows[0]![29]);
  });
});
