import { describe, expect, it } from '@jest/globals';
import { Random } from '#libs/learning/index.js';
import { Latencies } from './latencies.js';

const all = (values: Uint32Array) => ({ from: 0, to: values.length });

describe('latencies', () => {
  it('have quantiles that are at most 1/64 above the true ones, at any size', () => {
    const random = new Random(1);
    for (const most of [100, 5000, 2 ** 20, 2 ** 32]) {
      const values = Uint32Array.from({ length: 2000 }, () => random.below(most));
      const latencies = new Latencies();
      latencies.add(values, all(values));
      const sorted = values.toSorted();
      for (const share of [0, 0.5, 0.95, 0.99, 1]) {
        const exact = sorted[Math.max(Math.ceil(share * 2000), 1) - 1]! / 1000;
        expect(latencies.quantile(share)).toBeGreaterThanOrEqual(exact);
        expect(latencies.quantile(share)).toBeLessThanOrEqual(exact * (1 + 1 / 64));
      }
      const { max, mean } = latencies.figures()!;
      expect(max).toBe(sorted.at(-1)! / 1000);
      expect(mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / 2000 / 1000, 6);
    }
  });

  it('are those of the rows selected, and go on from their state', () => {
    const values = Uint32Array.of(10, 20, 30, 40, 2 ** 32 - 1);
    const [one, other] = [new Latencies(), new Latencies()];
    one.add(values, Int32Array.of(0, 2, 4));
    other.add(values, Int32Array.of(0));
    const restored = Latencies.restore(other.state());
    restored.add(values, { from: 2, to: 3 });
    restored.add(values, { from: 4, to: 5 });
    expect(restored.figures()).toEqual(one.figures());
    expect(restored.count).toBe(3);
    expect(one.figures()).toMatchObject({ p50: 0.03, max: (2 ** 32 - 1) / 1000 });
  });

  it('are none without any', () => {
    expect(new Latencies().figures()).toBeNull();
  });
});
