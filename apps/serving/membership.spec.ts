import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { servingBucket } from '#libs/contracts/index.js';
import { until } from '#tests/support/wait.js';
import { joinMembers } from './membership.js';

const member = { instance: 'serving-0-abcdef', epoch: 'e', pid: 1, started_at: '2026-11-23T12:00:00.000Z' };
const { ttlMs, heartbeatMs } = servingBucket;

/** A registration whose renewals are answered one by one, at instants of the test's own. */
async function joined() {
  const clock = { time: 1_000, now: () => 0, monotonic: () => clock.time };
  const story: string[] = [];
  const renewals: { stored(): void; lost(): void }[] = [];
  let isFirst = true;
  const membership = await joinMembers({
    members: {
      put: () => {
        story.push(`put at ${clock.time}`);
        if (isFirst) {
          isFirst = false;
          clock.time += 100;
          return Promise.resolve();
        }
        return new Promise((stored, reject) =>
          renewals.push({
            stored,
            lost: () => {
              reject(new Error('the log is away'));
            },
          }),
        );
      },
      remove: () => {
        story.push('remove');
        return Promise.resolve();
      },
    },
    ...{ member, clock, logger: pino({ level: 'silent' }), lookEveryMs: 1 },
  });
  return { clock, story, renewals, membership };
}

describe('the registration of a serving process', () => {
  it('is known to hold from when it was sent, and longer only once a renewal is stored', async () => {
    const { clock, renewals, membership } = await joined();
    expect(membership.listedUntil).toBe(1_000 + ttlMs);
    clock.time = 1_000 + heartbeatMs;
    await until(() => renewals.length > 0, { what: 'a renewal' });
    clock.time += 700;
    expect(membership.listedUntil).toBe(1_000 + ttlMs);
    renewals[0]!.stored();
    await until(() => membership.listedUntil > 1_000 + ttlMs, { what: 'the renewal to count' });
    expect(membership.listedUntil).toBe(1_000 + heartbeatMs + ttlMs);
    for (const each of renewals) each.stored();
    await membership.leave();
  });

  it('is asked for again while renewals are lost, a few at a time, and is taken back when the last has ended', async () => {
    const { clock, story, renewals, membership } = await joined();
    clock.time = 1_000 + heartbeatMs;
    await until(() => renewals.length === 4, { what: 'the most that wait' });
    renewals[0]!.lost();
    await until(() => renewals.length === 5, { what: 'another try' });
    expect(membership.listedUntil).toBe(1_000 + ttlMs);
    const left = membership.leave();
    for (const each of renewals.slice(1)) each.stored();
    await left;
    expect(story).toEqual([`put at 1000`, ...new Array<string>(5).fill(`put at ${1_000 + heartbeatMs}`), 'remove']);
    expect(renewals).toHaveLength(5);
  });
});
