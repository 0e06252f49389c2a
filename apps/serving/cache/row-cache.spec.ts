import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RowCache } from './row-cache.js';

const columns = [
  { name: 'y', type: 'float32' as const, width: 2 },
  { name: 'label', type: 'string' as const, width: 1 },
];
const outputsOf = (value: number) => [
  { ...columns[0]!, data: Float32Array.of(value, -value) },
  { ...columns[1]!, data: [`class ${value}`] },
];

describe('the cache of rows', () => {
  it('keeps the rows that were used last, as a list that is searched from the end would', () => {
    const capacity = 20;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 30 })), { maxLength: 300 }), (steps) => {
        const cache = new RowCache(columns, { rows: capacity, bytes: Number.POSITIVE_INFINITY });
        let kept: number[] = [];
        for (const [reads, value] of steps) {
          const key = String(value);
          if (!reads) cache.keep(key, outputsOf(value), 0);
          const into = [new Float32Array(4), ['', '']];
          const found = cache.read(key, into, 1);
          expect(found).toBe(!reads || kept.includes(value));
          if (!found) continue;
          expect([...into[0]!, into[1]![1]]).toEqual([0, 0, value, -value, `class ${value}`]);
          kept = [...kept.filter((each) => each !== value), value].slice(-capacity);
          expect(cache.size).toBe(kept.length);
        }
      }),
    );
  });

  it('stays within its bytes: the least recently used go, and what is larger alone is not kept', () => {
    const bytes = 2_000;
    const entryBytes = 120 + 2 * 4 + 4;
    const step = fc.tuple(fc.nat({ max: 10 }), fc.constantFrom(0, 100, 400, 900, 1_100));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new RowCache(columns, { rows: 1_000, bytes });
        let kept: { key: string; value: number; text: string; bytes: number }[] = [];
        for (const [value, length] of steps) {
          const key = `${value} ${length}`;
          const text = 't'.repeat(length);
          const own = entryBytes + 2 * length;
          cache.keep(
            key,
            [
              { ...columns[0]!, data: Float32Array.of(value, -value) },
              { ...columns[1]!, data: [text] },
            ],
            0,
          );
          if (own <= bytes && !kept.some((each) => each.key === key)) {
            const sum = () => kept.reduce((total, each) => total + each.bytes, own);
            while (sum() > bytes) kept = kept.slice(1);
            kept.push({ key, value, text, bytes: own });
          }
          expect([cache.size, cache.bytes]).toEqual([kept.length, kept.reduce((sum, each) => sum + each.bytes, 0)]);
          for (const each of kept) {
            const into = [new Float32Array(2), ['']];
            expect(cache.read(each.key, into, 0)).toBe(true);
            expect([...into[0]!, into[1]![0]]).toEqual([each.value, -each.value, each.text]);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
