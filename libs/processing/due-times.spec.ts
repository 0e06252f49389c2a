import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DueTimes, type Due } from './due-times.js';

const due = (name: string, at: number, setSeq = 1, owner = 'o'): Due => ({ owner, name, at, setSeq });

describe('due times', () => {
  it('come up in order, once, whatever was set again or taken back', () => {
    const setting = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      timers: fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: 0, max: 50 })),
      now: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(setting, { maxLength: 200 }), (settings) => {
        const times = new DueTimes();
        const naive = new Map<string, Due>();
        settings.forEach(({ owner, timers, now }, setSeq) => {
          for (const key of naive.keys()) if (key.startsWith(owner)) naive.delete(key);
          const wanted = Object.entries(timers).map(([name, at]) => due(name, at, setSeq, owner));
          for (const each of wanted) naive.set(`${owner}${each.name}`, each);
          times.replace(owner, wanted);
          if (now !== undefined) {
            const expected = [...naive].filter(([, { at }]) => at <= now);
            for (const [key] of expected) naive.delete(key);
            const taken = times.take(now);
            expect(taken.map(({ at }) => at)).toEqual(expected.map(([, { at }]) => at).sort((a, b) => a - b));
            expect(new Set(taken)).toEqual(new Set(expected.map(([, each]) => each)));
          }
          const left = [...naive.values()].map(({ at }) => at);
          expect(times.next()).toBe(left.length === 0 ? undefined : Math.min(...left));
        });
      }),
      { numRuns: 100 },
    );
  });

  it('does not bring back what was taken, until it is put back or set anew', () => {
    const times = new DueTimes();
    times.replace('o', [due('x', 10)]);
    const [taken] = times.take(10);
    times.replace('o', [due('x', 10)]);
    expect(times.take(100)).toEqual([]);
    times.putBack(taken!, 20);
    expect(times.take(19)).toEqual([]);
    const [again] = times.take(20);
    expect(again).toEqual(due('x', 20));
    times.replace('o', [due('x', 30, 2)]);
    times.putBack(again!, 25);
    expect(times.take(100)).toEqual([due('x', 30, 2)]);
  });
});
