import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { encodeTick, encodeWindowRecord, subjects } from '#libs/contracts/index.js';
import { MemoryStream } from '#libs/event-log/index.js';
import type { LogPosition } from '#libs/monitoring/index.js';
import { windowClosed } from '#projections/windows/testing/records.js';
import type { Saved } from '../checkpoints/checkpoints.js';
import { takeUp, type TakenUp, type TakeUpOptions } from './take-up.js';

const clock = { now: () => 1_000, monotonic: () => 1_000 };
const signal = new AbortController().signal;
const folding: TakeUpOptions['folding'] = {
  version: 1,
  begin: () => ({ apply: () => [], state: () => 'begun', watched: () => [] }),
  restore: (state) => {
    if (state !== 'kept') throw new RangeError('no state of this monitor');
    return { apply: () => [], state: () => state, watched: () => [] };
  },
};

/** TRAFFIC: others', two of the deployment, others', one of it, others'; WINDOWS: one record. */
async function streams() {
  const [traffic, windows] = ['TRAFFIC', 'WINDOWS'].map((name) => new MemoryStream({ name, clock })) as [
    MemoryStream,
    MemoryStream,
  ];
  for (const deployment of ['other', 'churn', 'churn', 'other', 'other', 'churn', 'other']) {
    const { subject, headers, data } = encodeTick({ deployment, at: '2026-11-23T10:00:00Z', events_seq: 1 }, 'w');
    await traffic.publish({ subject, headers, data });
  }
  const record = encodeWindowRecord(windowClosed(1), { seq: 2, logTime: 1_000, index: 0 });
  await windows.publish({ subject: record.subject, headers: record.headers, data: record.data });
  return { traffic, windows };
}

async function taken(saved: Saved | null, deployment = 'churn'): Promise<TakenUp> {
  const { traffic, windows } = await streams();
  const options = {
    ...{ traffic, windows, folding, clock, logger: pino({ level: 'silent' }), incarnation: 'i', metrics: {} },
    checkpoints: { take: () => Promise.resolve({ kind: 'taken', epoch: 3, saved }) },
  } as unknown as TakeUpOptions;
  return takeUp({ deployment, anew: false, signal, onEnded: () => undefined }, options);
}
const at = (seq: number, more: Partial<Saved & LogPosition> = {}): Saved => ({
  position: { seq, logTime: more.logTime ?? 1_000, eventsSeq: 1 },
  windowsSeq: more.windowsSeq ?? 1,
  state: more.state ?? { fold: 'kept', held: [] },
});

describe('a deployment', () => {
  it.each([
    ['its checkpoint, before its next message', at(3), { restored: true, seq: 3, afterSeq: 5 }],
    ['its checkpoint, and the end of TRAFFIC where nothing has come', at(6), { restored: true, seq: 6, afterSeq: 7 }],
    ['its first message, where there is no checkpoint', null, { restored: false, seq: 1, afterSeq: 1 }],
    ['its first message, where the state is none', at(3, { state: 'x' }), { restored: false, seq: 1, afterSeq: 1 }],
    ["its first message, where the state is another's", at(3, { state: { fold: 'x', held: [] } }), { restored: false }],
    ['its first message, where TRAFFIC does not go so far', at(90), { restored: false, seq: 1, afterSeq: 1 }],
    ["its first message, where another's stands at the place", at(4), { restored: false, seq: 1, afterSeq: 1 }],
    ['its first message, where a later one stands there', at(3, { logTime: 999 }), { restored: false, seq: 1 }],
    ['its first message, where WINDOWS does not go so far', at(3, { windowsSeq: 2 }), { restored: false, seq: 1 }],
  ])('goes on from %s', async (_, saved, expected) => {
    const found = await taken(saved);
    if (found.kind !== 'worker') throw new Error(found.kind);
    const { worker, restored, afterSeq } = found;
    expect({ restored, seq: worker.seq, afterSeq }).toMatchObject(expected);
  });

  it('without traffic is not watched', async () => {
    expect(await taken(null, 'silent')).toEqual({ kind: 'silent' });
    expect(subjects.ticks('silent')).toBe('tick.silent');
  });
});
