import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { subjects } from '#libs/contracts/index.js';
import { MemoryStream, type StreamMessage } from '#libs/event-log/index.js';
import { until } from '#tests/support/wait.js';
import { CatchUps } from './catch-ups.js';
import { TrafficFollower, type Follower } from './follow-traffic.js';

const clock = { now: () => 1_000, monotonic: () => 1_000 };
const logger = pino({ level: 'silent' });

/** Remembers what it was given; a gate keeps what it was given unapplied. */
class Remembering implements Follower {
  readonly seqs: number[] = [];
  gate: Promise<void> = Promise.resolve();

  constructor(readonly deployment: string) {}

  offer({ seq }: StreamMessage): void {
    // As a worker does with what it has applied already.
    if (seq > (this.seqs.at(-1) ?? 0)) this.seqs.push(seq);
  }

  drained(): Promise<void> {
    return this.gate;
  }
}

function opened(): { readonly open: () => void; readonly gate: Promise<void> } {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  return { open, gate };
}

async function world(messages: number) {
  const traffic = new MemoryStream({ name: 'TRAFFIC', clock });
  const publish = async (deployment: string): Promise<number> =>
    (await traffic.publish({ subject: subjects.labels(deployment), headers: {}, data: new Uint8Array() })).seq;
  for (let index = 0; index < messages; index++) await publish(`d${index % 4}`);
  const stopping = new AbortController();
  const { signal } = stopping;
  const live = new TrafficFollower({ traffic, afterSeq: messages, isOwn: () => true, retryMs: 1, logger });
  const catchUps = new CatchUps({ traffic, live, retryMs: 1, logger, signal });
  const following = live.follow(signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all([following, catchUps.ended()]);
  };
  return { publish, live, catchUps, stopping, stop };
}

it('who catches up is given every message once, in order, while TRAFFIC goes on', async () => {
  const { publish, live, catchUps, stop } = await world(2_000);
  const [one, other] = [new Remembering('d1'), new Remembering('d2')];
  catchUps.add(one, 0, 'beginning');
  catchUps.add(other, 1_500, 'checkpoint');
  catchUps.begin();
  for (let index = 0; index < 400; index++) await publish(`d${index % 4}`);
  await until(() => live.has(one) && live.has(other), { what: 'both to join' });
  const last = await publish('d1');
  await until(() => one.seqs.at(-1) === last, { what: 'the last message' });
  const every = (first: number, from: number): number[] =>
    Array.from({ length: 600 }, (_, index) => first + 4 * index).filter((seq) => seq > from);
  expect(one.seqs).toEqual([...every(2, 0), last]);
  expect(other.seqs).toEqual(every(3, 1_500));
  expect(catchUps.position).toBe(Infinity);
  await stop();
});

it('who has not caught up at the stop does not join: the live follower would give it what comes later', async () => {
  const { publish, live, catchUps, stop, stopping } = await world(200);
  const late = new Remembering('d1');
  const { open, gate } = opened();
  late.gate = gate;
  catchUps.add(late, 0, 'checkpoint');
  catchUps.begin();
  // It is near, so the live one stands still, with what comes now in its hands.
  await until(() => late.seqs.length > 0, { what: 'its first batch' });
  await publish('d1');
  stopping.abort();
  open();
  await stop();
  expect(live.has(late)).toBe(false);
  expect(late.seqs).toEqual(late.seqs.map((_, index) => 2 + 4 * index));
});

it('followers are few: those that come when two of a kind read wait, and are read on together', async () => {
  const { catchUps, live, stop } = await world(2_400);
  const gates = [opened(), opened()];
  const slow = gates.map(({ gate }, index) => {
    const worker = new Remembering(`d${index}`);
    worker.gate = gate;
    catchUps.add(worker, 0, 'beginning');
    catchUps.begin();
    return worker;
  });
  const [third, ended, restored] = [new Remembering('d2'), new Remembering('d3'), new Remembering('d3')];
  catchUps.add(third, 100, 'beginning');
  catchUps.add(ended, 200, 'beginning');
  catchUps.begin();
  // Of the other kind there is room.
  catchUps.add(restored, 300, 'checkpoint');
  catchUps.begin();
  await until(() => slow.every(({ seqs }) => seqs.length > 0) && live.has(restored), { what: 'three to read' });
  expect(catchUps.position).toBeLessThanOrEqual(100);
  expect([third.seqs, ended.seqs]).toEqual([[], []]);
  catchUps.remove(ended);
  for (const { open } of gates) open();
  await until(() => [...slow, third].every((worker) => live.has(worker)), { what: 'all to join' });
  expect(third.seqs).toEqual(Array.from({ length: 575 }, (_, index) => 103 + 4 * index));
  expect(ended.seqs).toEqual([]);
  await stop();
});
