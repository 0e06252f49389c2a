import { describe, expect, it } from '@jest/globals';
import { Heartbeat } from './heartbeat.js';

/** Looked at after so many milliseconds each; `heard` just before the looks of these numbers. What the looks found. */
function looks(gaps: readonly number[], heard: readonly number[] = []): boolean[] {
  let now = 5_000;
  const heartbeat = new Heartbeat({ limitMs: 3_000, lookMs: 1_000, clock: { monotonic: () => now } });
  return gaps.map((gap, at) => {
    now += gap;
    if (heard.includes(at)) heartbeat.heard();
    return heartbeat.isMissing();
  });
}

const times = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

describe('a heartbeat', () => {
  it('is missing once the looks that heard none span the limit', () => {
    // The look at which silence begins to count has heard none since the one before.
    expect(looks(times(5, 1_000))).toEqual([false, false, false, true, true]);
    expect(looks(times(6, 700)).indexOf(true)).toBe(5);
  });

  it('begins anew whenever it is heard', () => {
    expect(looks(times(7, 1_000), [2])).toEqual([false, false, false, false, false, true, true]);
    expect(looks(times(40, 1_000), [3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39])).not.toContain(true);
  });

  it('is not missing for the time in which nobody could listen', () => {
    expect(looks([1_000, 1_000, 3_600_000, 2_001, 1_000])).toEqual([false, false, false, false, false]);
    expect(looks(times(60, 2_001))).not.toContain(true);
    expect(looks([1_000, 1_000, 3_600_000, 1_000, 1_000])).toEqual([false, false, false, false, true]);
  });
});
