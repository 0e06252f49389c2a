import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { controlSubjects, type ServingMember } from '#libs/contracts/index.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';
import type { NatsConnection } from './nats-connection.js';
import { confirmOver, confirmRouting, prepareOver, type ConfirmMember } from './serving-control.js';

let nats: NatsHandle;
let asking: NatsConnection;
let serving: NatsConnection;
beforeAll(async () => {
  nats = await startNats();
  [asking, serving] = [await connect(nats.connection), await connect(nats.connection)];
});
afterAll(async () => {
  await Promise.all([asking.close(), serving.close()]);
  await nats.stop();
});

/** Listens until it is told not to; null: says nothing. */
async function listening(subject: string, reply: object | null): Promise<() => void> {
  const subscription = serving.subscribe(subject, {
    callback: (_error, message) => {
      if (reply !== null) message.respond(JSON.stringify(reply));
    },
  });
  await serving.flush();
  return () => {
    subscription.unsubscribe();
  };
}

const member = (instance: string): ServingMember => ({
  ...{ instance, epoch: 'e', pid: 1 },
  started_at: '2026-11-23T12:00:00.000Z',
});

describe('asking a serving process', () => {
  const request = {
    ...{ deployment: 'd', requested_seq: 1 },
    rollout_id: '0199a1b2-0000-7000-8000-000000000001',
  };

  it('tells one that does not listen as it tells a silent one: with the reason', async () => {
    const prepare = prepareOver(asking);
    expect(await prepare('serving-0-gone', request, 60_000)).toEqual({
      ...{ status: 'unanswered', reason: expect.stringContaining('no responders') },
    });
    const stop = await listening(controlSubjects.prepare('serving-0-silent'), null);
    expect(await prepare('serving-0-silent', request, 50)).toEqual({
      ...{ status: 'unanswered', reason: expect.stringContaining('timeout') },
    });
    stop();
  });

  it('takes what is no reply for silence', async () => {
    const stop = await listening(controlSubjects.prepare('serving-0-odd'), { status: 'perhaps' });
    expect(await prepareOver(asking)('serving-0-odd', request, 60_000)).toEqual({
      ...{ status: 'unanswered', reason: 'serving-0-odd answers with what is no reply' },
    });
    stop();
  });
});

describe('what must be in force before it is answered', () => {
  /** Stands still, but for `afterAsked`, which is told how often `serving-1` was asked. */
  function confirmed(afterAsked: (times: number, pass: (milliseconds: number) => void) => void | Promise<void>) {
    let now = 0;
    let times = 0;
    const ask = confirmOver(asking);
    const confirm: ConfirmMember = async (instance, seq, timeoutMs) => {
      const outcome = await ask(instance, seq, timeoutMs);
      if (instance === 'serving-1')
        await afterAsked(++times, (milliseconds) => {
          now += milliseconds;
        });
      return outcome;
    };
    const listMembers = () => Promise.resolve(['serving-0', 'serving-1'].map(member));
    return confirmRouting(7, 0, { listMembers, confirm, clock: { now: () => 0, monotonic: () => now } });
  }

  it('waits for one that does not listen until its lease has run out: cut off from the log, it may still route', async () => {
    const stop = await listening(controlSubjects.confirm('serving-0'), { instance: 'serving-0', routing_seq: 7 });
    let asked = 0;
    const outcome = await confirmed((times, pass) => {
      asked = times;
      pass(times < 3 ? 500 : 100);
    });
    expect(outcome).toEqual({ confirmedBy: ['serving-0'], expired: ['serving-1'] });
    expect(asked).toBe(3);
    stop();
  });

  it('asks it again: once it listens and its table has come so far, nobody waits for the lease', async () => {
    const stops = [await listening(controlSubjects.confirm('serving-0'), { instance: 'serving-0', routing_seq: 8 })];
    const outcome = await confirmed(async (times, pass) => {
      pass(100);
      if (times === 2)
        stops.push(await listening(controlSubjects.confirm('serving-1'), { instance: 'serving-1', routing_seq: 7 }));
    });
    expect(outcome).toEqual({ confirmedBy: ['serving-0', 'serving-1'], expired: [] });
    for (const stop of stops) stop();
  });
});
