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
        const cache = new RowCache(columns, capacity);
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
});
