import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BinLookup } from './bin-lookup.js';

/** By the definition, one edge after the other. */
function binBySearch(edges: Float64Array, value: number): number {
  let bin = 0;
  while (bin < edges.length && value > edges[bin]!) bin++;
  return bin;
}

const edgesOf = (values: readonly number[]) => Float64Array.from(new Set(values.map((value) => value + 0))).sort();

/** The next float64 above. */
function above(value: number): number {
  const [float, bits] = [new Float64Array(1), new BigInt64Array(1)];
  const words = new BigInt64Array(float.buffer);
  float[0] = value + 0;
  bits[0] = value >= 0 ? 1n : -1n;
  words[0]! += bits[0];
  return float[0];
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const wide = fc.array(finite, { maxLength: 80 });
const crowded = fc
  .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 80 }))
  .map(([base, steps]) => steps.map((step) => base + step * 2 ** -24));
const skewed = fc
  .array(fc.double({ min: -700, max: 700, noNaN: true }), { maxLength: 80 })
  .map((powers) => powers.map((power) => Math.exp(power)));
const tiny = fc
  .array(fc.integer({ min: -300, max: 300 }), { maxLength: 80 })
  .map((all) => all.map((each) => each * 5e-324));

describe('a look-up of bins', () => {
  it.each([
    ['of all float64', wide],
    ['that crowd together', crowded],
    ['that are skewed', skewed],
    ['that are denormal', tiny],
  ])('finds what a search finds, for edges %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, fc.array(finite, { maxLength: 20 }), (values, others) => {
        const edges = edgesOf(values);
        const lookup = new BinLookup(edges);
        const near = [...edges].flatMap((edge) => [edge, above(edge), -above(-edge)]);
        const asked = [...near, ...others, Infinity, -Infinity].filter((value) => !Number.isNaN(value));
        const expected = asked.map((value) => binBySearch(edges, value));
        expect(asked.filter((value, at) => lookup.binOf(value) !== expected[at])).toEqual([]);
        const counts = new Float64Array(lookup.bins);
        lookup.countInto(counts, Float64Array.from(asked), asked.length);
        const counted = new Float64Array(edges.length + 1);
        for (const bin of expected) counted[bin]!++;
        expect(counts.findIndex((count, bin) => count !== counted[bin])).toBe(-1);
      }),
      { numRuns: 150 },
    );
  });

  it('has every value in its one bin where there is no edge', () => {
    const lookup = new BinLookup(new Float64Array(0));
    expect([lookup.bins, lookup.binOf(-Infinity), lookup.binOf(0), lookup.binOf(Infinity)]).toEqual([1, 0, 0, 0]);
  });

  it.each([
    [[0, 0], 'edges[1]: expected more than 0, got 0'],
    [[1, 0], 'edges[1]: expected more than 1, got 0'],
    [[0, Infinity], 'edges[1]: expected a finite number, got Infinity'],
    [[NaN], 'edges[0]: expected a finite number, got NaN'],
  ])('refuses edges %j', (edges, message) => {
    expect(() => new BinLookup(Float64Array.from(edges))).toThrow(new RangeError(message));
  });
});
