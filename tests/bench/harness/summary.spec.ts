import { describe, expect, it } from '@jest/globals';
import { median, ratioSpread, spreadOf, summarise, type Series } from './summary.js';

const series = (name: string, values: readonly number[], against?: string): Series => ({
  name,
  ...(against === undefined ? {} : { against }),
  samples: values.map((value) => ({ value })),
});

describe('median and spread', () => {
  it('take the middle, or the mean of the two middle values, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
    expect(median([])).toBeNaN();
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('sorts numbers as numbers', () => {
    expect(median([10, 9, 100])).toBe(10);
  });
});

describe('ratios', () => {
  it('are taken block by block: a machine that doubles its speed half-way leaves them unmoved', () => {
    expect(ratioSpread([10, 20, 40], [20, 40, 80])).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  });

  it('differ from the ratio of the medians when blocks disagree', () => {
    expect(ratioSpread([10, 40, 30], [10, 10, 60])).toEqual({ median: 1, min: 0.5, max: 4 });
  });

  it('refuse a baseline that is not among the alternatives', () => {
    expect(() => summarise([series('a', [1], 'b')])).toThrow('no alternative is called "b": expected a');
  });
});

describe('summarise', () => {
  it('marks rows faster than half of their ceiling, and none without one', () => {
    const rows = summarise([
      series('raw', [100, 100, 100]),
      { ...series('fast', [51, 51, 51]), ceiling: 'raw' },
      { ...series('slow', [50, 50, 50]), ceiling: 'raw' },
    ]);
    expect(rows.map((row) => [row.name, row.generator_bound])).toEqual([
      ['raw', false],
      ['fast', true],
      ['slow', false],
    ]);
  });

  it('adds up failures and keeps the first that was seen', () => {
    const [row] = summarise([
      {
        name: 'a',
        samples: [
          { value: 1, failures: { count: 0, first: '' } },
          { value: 1, failures: { count: 2, first: '503: busy' } },
          { value: 1, failures: { count: 1, first: '500: other' } },
        ],
      },
    ]);
    expect(row).toMatchObject({ failures: 3, first_failure: '503: busy' });
  });

  it('gives the median of the blocks for percentiles and CPU, and the largest latency of all', () => {
    const block = (ms: number) => ({
      value: 1,
      latency: { maxNs: ms * 1e6, sumNs: ms * 1e6, buckets: [[ms * 1e6, 1]] as const },
      cpuMicros: { server: ms },
      generatorShare: ms / 100,
    });
    const [row] = summarise([{ name: 'a', samples: [block(1), block(90), block(2)] }]);
    expect(row).toMatchObject({
      latency_ms: { p50: 2, p99: 2, max: 90, pooled_p99: 90 },
      cpu_micros: { server: 2 },
      generator_share: 0.02,
    });
  });
});
