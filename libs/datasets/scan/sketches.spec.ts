import { describe, expect, it } from '@jest/globals';
import { randomBits } from '../random.js';
import { DistinctEstimate } from './distinct-estimate.js';
import { histogramOf } from './histogram.js';
import { NumberCounts } from './number-counts.js';
import { QuantileSketch } from './quantile-sketch.js';
import { valuesAtRanks } from './quantiles.js';
import { ScanContext } from './scan-context.js';
import { TextCounts } from './text-counts.js';

const width = 256;

/** In sorted blocks of 4 · `width`, as a column hands them on. */
function* blocksOf(values: Float64Array): Generator<Float64Array> {
  for (let at = 0; at < values.length; at += 4 * width) yield values.slice(at, at + 4 * width).sort();
}

const orders: [string, (index: number, count: number) => number][] = [
  ['ascending', (index) => index],
  ['descending', (index, count) => count - index],
  ['by chance', (index) => randomBits(5, index)],
  ['in waves', (index) => Math.sin(index / 1000) * 1e6 + index],
];

describe('a sketch of quantiles', () => {
  const count = 50_000;

  it.each(orders)('of values that come %s keeps every rank within its bound', (_, valueAt) => {
    const values = Float64Array.from({ length: count }, (__, index) => valueAt(index, count));
    const sketch = new QuantileSketch(width, 1000);
    for (const block of blocksOf(values)) sketch.add(block);
    expect(sketch.exact).toBe(false);
    const sorted = values.slice().sort();
    const weighted = sketch.weighted();
    const shares = Array.from({ length: 99 }, (__, index) => (index + 1) / 100);
    const found = valuesAtRanks(
      weighted,
      shares.map((share) => share * count),
    );
    const bound = (Math.log2(count / width) - 1) / (2 * width);
    for (const [index, share] of shares.entries()) {
      const rank = sorted.indexOf(found[index]!) / count;
      expect(Math.abs(rank - share)).toBeLessThan(bound);
    }
    const { counts, edges } = histogramOf(weighted, { min: sorted[0]!, max: sorted[count - 1]!, bins: 20 });
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(count);
    expect(edges).toEqual([...edges].sort((a, b) => a - b));
  });

  it('has every value up to a bound', () => {
    const values = Float64Array.from({ length: 1000 }, (_, index) => randomBits(1, index));
    const sketch = new QuantileSketch(width, 1000);
    for (const block of blocksOf(values)) sketch.add(block);
    expect(sketch.exact).toBe(true);
    expect(sketch.weighted()).toEqual({ values: values.slice().sort(), weights: null, count: 1000 });
  });
});

describe('an estimate of different values', () => {
  it.each([100, 10_000, 60_000])('of %d is within four standard errors', (distinct) => {
    const estimate = new DistinctEstimate();
    for (let round = 0; round < 2; round++)
      for (let value = 0; value < distinct; value++) estimate.add(randomBits(1, value), randomBits(2, value));
    expect(Math.abs(estimate.distinct / distinct - 1)).toBeLessThan(4 * 0.0115);
  });
});

describe('counts of values', () => {
  // Value v comes 2^14 / (v + 1) times, among numbers that come once.
  const frequent = Array.from({ length: 8 }, (_, value) => ({
    value: -1 - value,
    count: Math.floor(2 ** 14 / (value + 1)),
  }));
  const all = frequent.flatMap(({ value, count }) => Array.from({ length: count }, () => value));
  const count = all.length + 30_000;
  const values = Float64Array.from({ length: count }, (_, index) => all[index] ?? index);
  // 7919 is prime: each place comes once.
  const shuffled = values.map((_, index) => values[(index * 7919) % count]!);

  it('find the frequent numbers among too many, at most short of what was taken off', () => {
    const counts = new NumberCounts(5000);
    for (const block of blocksOf(shuffled)) counts.add(block);
    const { exact, distinct, top } = counts.counted(8, String);
    expect(exact).toBe(false);
    expect(Math.abs(distinct / 30_008 - 1)).toBeLessThan(4 * 0.0115);
    expect(top.map(({ value }) => value)).toEqual(frequent.map(({ value }) => String(value)));
    const short = count * (2 / 1024 + 1 / (4 * width));
    for (const [index, found] of top.entries()) {
      expect(found.count).toBeLessThanOrEqual(frequent[index]!.count);
      expect(found.count).toBeGreaterThan(frequent[index]!.count - short);
    }
  });

  it('find the frequent texts among too many', () => {
    const context = new ScanContext();
    // Ten thousand different texts are counted one by one where there are so many columns.
    context.columns = 10_000;
    const counts = new TextCounts(context);
    const buffer = Buffer.alloc(64);
    for (const value of shuffled) counts.add(buffer, 0, buffer.write(`v${value}`));
    const { exact, distinct, top } = counts.counted(8, (text) => text);
    expect(exact).toBe(false);
    expect(Math.abs(distinct / 30_008 - 1)).toBeLessThan(4 * 0.0115);
    expect(top.map(({ value }) => value)).toEqual(frequent.map(({ value }) => `v${value}`));
    for (const [index, found] of top.entries()) {
      expect(found.count).toBeLessThanOrEqual(frequent[index]!.count);
      expect(found.count).toBeGreaterThan(frequent[index]!.count - (count * 2) / 1024);
    }
  });

  it('of different numbers alone find none frequent', () => {
    const counts = new NumberCounts(1000);
    for (const block of blocksOf(Float64Array.from({ length: 50_000 }, (_, index) => index))) counts.add(block);
    expect(counts.counted(20, String)).toMatchObject({ exact: false, top: [] });
  });
});
