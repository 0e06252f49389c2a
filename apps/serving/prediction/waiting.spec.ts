import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Waiting, type Cohort } from './waiting.js';

describe('the wait of the oldest request', () => {
  it('is none without requests, and never that of one that has left', () => {
    const waiting = new Waiting(10);
    expect(waiting.longestAt(1_000)).toBe(0);
    const first = waiting.enter(1_000);
    const second = waiting.enter(1_500);
    expect(waiting.longestAt(1_600)).toBe(600);
    waiting.leave(first);
    expect(waiting.longestAt(1_600)).toBe(100);
    waiting.leave(second);
    expect(waiting.longestAt(9_000)).toBe(0);
    waiting.enter(9_000);
    expect(waiting.longestAt(9_001)).toBe(1);
  });

  it('leaves out what is forgotten', () => {
    const waiting = new Waiting(10);
    waiting.enter(1_000);
    waiting.enter(1_500);
    waiting.forget(700);
    expect(waiting.longestAt(2_000)).toBe(300);
  });

  it('is exact but for the span of a cohort, whatever the order of leaving', () => {
    const spanMs = 10;
    const step = fc.record({ after: fc.integer({ min: 0, max: 25 }), leaves: fc.option(fc.nat(), { nil: null }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const waiting = new Waiting(spanMs);
        const inside: { cohort: Cohort; since: number }[] = [];
        let now = 0;
        for (const { after, leaves } of steps) {
          now += after;
          if (leaves === null) inside.push({ cohort: waiting.enter(now), since: now });
          else if (inside.length > 0) waiting.leave(inside.splice(leaves % inside.length, 1)[0]!.cohort);
          const oldest = Math.min(now, ...inside.map(({ since }) => since));
          const told = waiting.longestAt(now);
          expect(told).toBeGreaterThanOrEqual(now - oldest);
          expect(told).toBeLessThan(now - oldest + spanMs + (inside.length === 0 ? 0 : 1));
          if (inside.length === 0) expect(told).toBe(0);
        }
      }),
    );
  });
});
