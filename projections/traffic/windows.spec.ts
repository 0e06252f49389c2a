import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cover, widened, windowCount, windowIndex, windowsOf } from './windows.js';

const spanned = fc
  .tuple(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 800 }))
  .map(([from, length]) => ({ from: 10_000 * from, to: 10_000 * (from + length) }));
const windowS = fc.oneof(
  fc.constantFrom(10, 30, 60, 90, 3600, 7200, 86_400),
  fc.integer({ min: 1, max: 8_640 }).map((n) => 10 * n),
);

describe('windows', () => {
  it('cut a span at multiples of their length, without a gap', () => {
    fc.assert(
      fc.property(spanned, windowS, (span, length) => {
        const windows = [...windowsOf(span, length)];
        expect(windows.length).toBe(windowCount(span, length));
        const grid = 1000 * length;
        const inner = windows.slice(1).map(({ from }) => from);
        expect([span.from, ...inner]).toEqual(windows.map(({ from }) => from));
        expect([...inner, span.to]).toEqual(windows.map(({ to }) => to));
        expect(inner.filter((from) => from % grid !== 0)).toEqual([]);
        const indexes = windows.map((_, index) => index);
        expect(windows.map(({ from }) => windowIndex(from, span.from, length))).toEqual(indexes);
        expect(windows.map(({ to }) => windowIndex(to - 1, span.from, length))).toEqual(indexes);
      }),
    );
  });

  it('are covered by spans that lie in a row, each on its grid and in one window', () => {
    fc.assert(
      fc.property(spanned, windowS, (span, length) => {
        const ranges = cover(span, length);
        expect([ranges[0]!.from, ranges.at(-1)!.to]).toEqual([span.from, span.to]);
        for (const [index, { spanS, from, to }] of ranges.entries()) {
          expect(from).toBe(ranges[index - 1]?.to ?? span.from);
          expect(to).toBeGreaterThan(from);
          expect([from % (1000 * spanS), to % (1000 * spanS), length % spanS]).toEqual([0, 0, 0]);
        }
      }),
    );
  });

  it('of an hour are read as hours, and as shorter spans at both ends', () => {
    const at = (text: string): number => Date.parse(`2026-11-23T${text}Z`);
    expect(cover({ from: at('10:59:50'), to: at('13:01:10') }, 3600)).toEqual([
      { spanS: 10, from: at('10:59:50'), to: at('11:00:00') },
      { spanS: 3600, from: at('11:00:00'), to: at('13:00:00') },
      { spanS: 60, from: at('13:00:00'), to: at('13:01:00') },
      { spanS: 10, from: at('13:01:00'), to: at('13:01:10') },
    ]);
  });

  it('begin and end with whole ten seconds', () => {
    expect(widened({ from: 19_999, to: 20_001 })).toEqual({ from: 10_000, to: 30_000 });
    expect(widened({ from: 20_000, to: 30_000 })).toEqual({ from: 20_000, to: 30_000 });
    expect([...windowsOf({ from: 30_000, to: 20_000 }, 10)]).toEqual([]);
    expect(windowCount({ from: 30_000, to: 20_000 }, 10)).toBe(0);
  });
});
