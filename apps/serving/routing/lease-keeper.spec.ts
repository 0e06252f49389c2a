import { describe, expect, it } from '@jest/globals';
import { until } from '#tests/support/wait.js';
import { keepLease } from './lease-keeper.js';
import { Lease } from './lease.js';

describe('keepLease', () => {
  it('counts from when the request was sent, and goes on asking while answers are missing', async () => {
    const clock = { time: 1_000, now: () => 0, monotonic: () => clock.time };
    const lease = new Lease();
    lease.applied(5);
    const asked: ((lastSeq: number) => void)[] = [];
    const outcomes: unknown[] = [];
    const stop = keepLease({
      lease,
      clock,
      everyMs: 1,
      listedUntil: () => Number.POSITIVE_INFINITY,
      head: () =>
        new Promise((resolve) =>
          asked.push((lastSeq) => {
            resolve({ lastSeq });
          }),
        ),
      onOutcome: (error) => outcomes.push(error),
    });
    await until(() => asked.length >= 3, { what: 'more requests' });
    clock.time = 1_900;
    asked[0]!(5);
    await until(() => outcomes.length === 1, { what: 'the answer' });
    expect([lease.isValidAt(1_900), lease.isValidAt(2_000)]).toEqual([true, false]);
    // Requests without an answer do not pile up for ever.
    await until(() => asked.length === 9, { what: 'the most that are sent' });
    stop();
  });

  it('is not broken by a log that does not answer', async () => {
    const lease = new Lease();
    const outcomes: unknown[] = [];
    let away = true;
    const stop = keepLease({
      lease,
      clock: { now: () => 0, monotonic: () => 7 },
      everyMs: 1,
      listedUntil: () => Number.POSITIVE_INFINITY,
      head: () => (away ? Promise.reject(new Error('away')) : Promise.resolve({ lastSeq: 0 })),
      onOutcome: (error) => outcomes.push(error),
    });
    await until(() => outcomes.length > 2, { what: 'failures' });
    expect(lease.isValidAt(7)).toBe(false);
    away = false;
    await until(() => lease.isValidAt(7), { what: 'the lease' });
    stop();
  });

  it('is renewed only as far as the process is sure to be found among the members', async () => {
    const clock = { time: 1_000, now: () => 0, monotonic: () => clock.time };
    const lease = new Lease();
    let listedUntil = 2_000;
    let answers = 0;
    const stop = keepLease({
      ...{ lease, clock, everyMs: 1, listedUntil: () => listedUntil, onOutcome: () => (answers += 1) },
      head: () => Promise.resolve({ lastSeq: 0 }),
    });
    await until(() => answers > 3, { what: 'answers' });
    expect(lease.isValidAt(1_000)).toBe(false);
    listedUntil = 2_001;
    await until(() => lease.isValidAt(1_000), { what: 'the lease' });
    stop();
  });
});
