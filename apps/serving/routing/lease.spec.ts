import { describe, expect, it } from '@jest/globals';
import { Lease } from './lease.js';

const leaseAt = (applied: number): Lease => {
  const lease = new Lease();
  lease.applied(applied);
  return lease;
};

describe('a lease', () => {
  it('is not there before the leader has answered', () => {
    expect(leaseAt(10).isValidAt(0)).toBe(false);
  });

  it('lasts one second from when the request was sent, however late the answer came', () => {
    const lease = leaseAt(10);
    lease.confirmed(5_000, 10);
    expect([lease.isValidAt(5_000), lease.isValidAt(5_999.9), lease.isValidAt(6_000)]).toEqual([true, true, false]);
  });

  it('waits until the table holds what the leader named', () => {
    const lease = leaseAt(10);
    lease.confirmed(5_000, 12);
    lease.applied(11);
    expect(lease.isValidAt(5_100)).toBe(false);
    lease.applied(12);
    expect(lease.isValidAt(5_100)).toBe(true);
    expect(lease.isValidAt(6_000)).toBe(false);
  });

  it('is renewed by nothing that is received: events alone give no time', () => {
    const lease = leaseAt(10);
    lease.confirmed(5_000, 10);
    for (let sequence = 11; sequence < 100; sequence++) lease.applied(sequence);
    expect(lease.isValidAt(6_000)).toBe(false);
  });

  it('never shrinks when answers overtake each other', () => {
    const lease = leaseAt(10);
    lease.confirmed(5_500, 10);
    lease.confirmed(5_000, 10);
    expect(lease.isValidAt(6_400)).toBe(true);
    lease.confirmed(5_800, 11);
    lease.confirmed(5_600, 12);
    lease.applied(12);
    expect(lease.isValidAt(6_799)).toBe(true);
    expect(lease.remainingAt(6_700)).toBe(100);
    expect(lease.remainingAt(9_000)).toBe(0);
  });
});
