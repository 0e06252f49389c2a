import { describe, expect, it } from '@jest/globals';
import { until } from '#tests/support/wait.js';
import { Deadlines, type Expiring } from './deadlines.js';

function setUp() {
  const clock = { time: 1_000, now: () => 0, monotonic: () => clock.time };
  const deadlines = new Deadlines(clock);
  const expired: string[] = [];
  const expiring = (name: string, deadlineAt: number): Expiring => ({ deadlineAt, expired: () => expired.push(name) });
  return { clock, deadlines, expired, expiring };
}

describe('deadlines', () => {
  it('are told once, in their order, and none before its time', async () => {
    const { clock, deadlines, expired, expiring } = setUp();
    for (const [name, at] of [
      ['c', 1_500],
      ['a', 1_100],
      ['past', 400],
      ['b', 1_101],
    ] as const)
      deadlines.add(expiring(name, at));
    clock.time = 1_099;
    await until(() => expired.length > 0, { what: 'the first', everyMs: 1 });
    expect(expired).toEqual(['past']);
    clock.time = 1_200;
    await until(() => expired.length > 2, { what: 'the next two', everyMs: 1 });
    expect(expired).toEqual(['past', 'a', 'b']);
    clock.time = 60_000;
    await until(() => expired.length > 3, { what: 'the last', everyMs: 1 });
    expect(expired).toEqual(['past', 'a', 'b', 'c']);
  });

  it('are forgotten when they are removed, and counted anew after a rest', async () => {
    const { clock, deadlines, expired, expiring } = setUp();
    const gone = expiring('gone', 1_050);
    deadlines.remove(gone, deadlines.add(gone));
    deadlines.add(expiring('first', 1_050));
    clock.time = 2_000;
    await until(() => expired.length === 1, { what: 'the first', everyMs: 1 });
    clock.time = 50_000;
    deadlines.add(expiring('second', 50_100));
    clock.time = 50_200;
    await until(() => expired.length === 2, { what: 'the second', everyMs: 1 });
    expect(expired).toEqual(['first', 'second']);
  });
});
