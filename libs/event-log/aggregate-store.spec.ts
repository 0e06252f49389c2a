import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { AggregateStore, type AggregateStoreOptions } from './aggregate-store.js';
import { AppendContention, InvalidEvent, LogCorrupt, StreamMovedOn, StreamUnavailable } from './errors.js';
import { EventReader, isUnknown } from './event-reader.js';
import { randomFaults, type Fault, type FaultPlan } from './fault-plan.js';
import { FaultyStream } from './faulty-stream.js';
import { MemoryStream } from './memory-store.js';
import { SnapshotStore } from './snapshot-store.js';
import type { StreamStore } from './stream-store.js';
import { verifyEvents, type LogProblem } from './verify-events.js';
import { catalogueOf, defineEvent, header } from '#libs/contracts/index.js';
import { accept, type Clock } from '#libs/kernel/index.js';
import { deposit, ledger, ledgerCatalogue, metaOf, withdraw, type LedgerCommand } from '#tests/contract/ledger.js';
import { RecordingStream } from '#tests/contract/recording-stream.js';

/** Time passes only in pauses. */
function pausingClock(): Clock & { readonly pause: (milliseconds: number) => Promise<void> } {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    pause: (milliseconds) => {
      now += milliseconds;
      return new Promise((resolve) => {
        setImmediate(resolve);
      });
    },
  };
}

function memoryLog(replicas: 1 | 3 = 1) {
  const clock = pausingClock();
  const events = new MemoryStream({ name: 'EVENTS', clock, replicas });
  const snapshots = new MemoryStream({ name: 'SNAPSHOTS', clock, lastPerSubject: true });
  const storeOn = (stream: StreamStore, options: Partial<AggregateStoreOptions> = {}): AggregateStore =>
    new AggregateStore({
      events: stream,
      snapshots: new SnapshotStore(snapshots),
      clock,
      random: () => 0.5,
      pause: clock.pause,
      ...options,
    });
  return { clock, events, snapshots, storeOn };
}

const always = (fault: Fault, at: 'publish' | 'read'): FaultPlan => ({
  next: (point) => (point === at ? fault : undefined),
});

const run = (store: AggregateStore, id: string, key: string, command: LedgerCommand) =>
  store.execute(ledger, id, command, metaOf(`${id} ${key}`, command));

describe('AggregateStore', () => {
  it('gives up with AppendContention when an append does not settle in five seconds', async () => {
    const { events, storeOn, clock } = memoryLog();
    const contended = new FaultyStream(events, always({ kind: 'in_flight' }, 'publish'));
    await expect(run(storeOn(contended), 'a', '1', deposit(1))).rejects.toBeInstanceOf(AppendContention);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(5_000);
    expect(clock.monotonic()).toBeLessThan(5_200);
    expect((await events.head()).lastSeq).toBe(0);
  });

  it('gives up with AppendContention when another writer is always faster', async () => {
    const { events, storeOn, clock } = memoryLog();
    let round = 0;
    const others = storeOn(events);
    const losing: StreamStore = Object.assign(Object.create(events) as MemoryStream, {
      publish: async (message: Parameters<StreamStore['publish']>[0]) => {
        round += 1;
        await clock.pause(100);
        await run(others, 'a', `faster ${round}`, deposit(1));
        return events.publish(message);
      },
    });
    await expect(run(storeOn(losing), 'a', 'mine', deposit(1))).rejects.toBeInstanceOf(AppendContention);
    expect(round).toBe(50);
  });

  it('gives up in the same five seconds on the commands that wait behind one that does not settle', async () => {
    const { events, storeOn, clock } = memoryLog();
    const store = storeOn(new FaultyStream(events, always({ kind: 'in_flight' }, 'publish')));
    const outcomes = await Promise.allSettled(['1', '2', '3', '4'].map((key) => run(store, 'a', key, deposit(1))));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'append_contention' } });
    expect(clock.monotonic()).toBeLessThan(5_200);
  });

  it('says that the log is away when that is all that is known, and that it is unclear when it is', async () => {
    const { events, storeOn } = memoryLog();
    const away = new FaultyStream(events, always({ kind: 'unavailable' }, 'publish'));
    await expect(run(storeOn(away), 'a', '1', deposit(1))).rejects.toBeInstanceOf(StreamUnavailable);
    const silent = new FaultyStream(events, always({ kind: 'lost_message' }, 'publish'));
    await expect(run(storeOn(silent), 'a', '1', deposit(1))).rejects.toBeInstanceOf(AppendContention);
  });

  it('appends after an outage shorter than five seconds', async () => {
    const { events, storeOn, clock } = memoryLog();
    const outage = new FaultyStream(events, {
      next: () => (clock.monotonic() > 0 && clock.monotonic() < 4_000 ? { kind: 'unavailable' } : undefined),
    });
    const store = storeOn(outage);
    await store.load(ledger, 'a', { consistency: 'leader' });
    await clock.pause(1);
    expect(await run(store, 'a', '1', deposit(1))).toMatchObject({ ok: true });
  });

  it('tells what a command was answered with, by another process too, and nothing of one that was refused', async () => {
    const { events, storeOn } = memoryLog();
    const [one, other] = [storeOn(events), storeOn(events)];
    const meta = metaOf('a 1', deposit(1));
    expect(await one.recorded(ledger, 'a', meta)).toBeUndefined();
    const accepted = await run(other, 'a', '1', deposit(1));
    await run(other, 'a', '2', deposit(2));
    if (!accepted.ok) throw new Error('a deposit was refused');
    const { eventId, seq, event } = accepted.value;
    expect(await one.recorded(ledger, 'a', meta)).toMatchObject({
      ok: true,
      value: { eventId, seq, event, repeated: true },
    });
    expect(await one.recorded(ledger, 'a', metaOf('a 1', deposit(3)))).toMatchObject({
      ok: false,
      rejection: { code: 'idempotency_conflict' },
    });
    await run(other, 'a', '3', withdraw(9));
    expect(await one.recorded(ledger, 'a', metaOf('a 3', withdraw(9)))).toBeUndefined();
    expect((await events.head()).lastSeq).toBe(2);
  });

  it.each([1, 3] as const)('tells a repeat as one when its replica was behind (%i replicas)', async (replicas) => {
    const { events, storeOn } = memoryLog(replicas);
    expect(await run(storeOn(events), 'a', '1', deposit(1))).toMatchObject({ value: { seq: 1, repeated: false } });
    const lagging = new FaultyStream(events, always({ kind: 'lagging_replica', messages: 1 }, 'read'));
    expect(await run(storeOn(lagging), 'a', '1', deposit(1))).toMatchObject({ value: { seq: 1, repeated: true } });
    expect((await events.head()).lastSeq).toBe(1);
  });

  it('keeps an aggregate in memory: the second command reads nothing', async () => {
    const { events, storeOn } = memoryLog();
    const recording = new RecordingStream(events);
    const store = storeOn(recording);
    await run(store, 'a', '1', deposit(1));
    recording.calls.length = 0;
    await run(store, 'a', '2', deposit(1));
    expect(recording.calls).toEqual(['publish evt.ledger.a']);
  });

  it('forgets the aggregates that were not used for longest', async () => {
    const { events, storeOn } = memoryLog();
    const recording = new RecordingStream(events);
    const store = storeOn(recording, { cacheSize: 2 });
    for (const id of ['a', 'b', 'c']) await run(store, id, '1', deposit(1));
    recording.calls.length = 0;
    await run(store, 'c', '2', deposit(1));
    expect(recording.calls).toEqual(['publish evt.ledger.c']);
    await run(store, 'a', '2', deposit(1));
    expect(recording.calls).toContain('readSubject evt.ledger.a 1 replica');
  });

  it('forgets what it remembers when the leader knows less', async () => {
    const { events, storeOn } = memoryLog();
    const store = storeOn(events);
    await run(store, 'a', '1', deposit(1));
    await run(store, 'a', '2', deposit(1));
    const restored = new MemoryStream({ name: 'EVENTS', clock: pausingClock() });
    for (const { subject, headers, data } of await events.readFrom(1, 1, 'leader'))
      await restored.publish({ subject, headers: Object.fromEntries(headers), data, expectedLastSubjectSeq: 0 });
    let current: StreamStore = events;
    const switched = new Proxy(events, {
      get: (_target, name) => {
        const value: unknown = Reflect.get(current, name, current);
        return typeof value === 'function' ? (value.bind(current) as unknown) : value;
      },
    });
    const remembering = storeOn(switched);
    await remembering.load(ledger, 'a', { consistency: 'leader' });
    current = restored;
    expect(await run(remembering, 'a', '3', deposit(5))).toMatchObject({ ok: true, value: { state: { balance: 6 } } });
  });

  it('stores nothing that could not be read back', async () => {
    const { events, storeOn } = memoryLog();
    const Small = defineEvent('Small', z.object({ value: z.int().max(3) }));
    const definition = {
      category: 'small',
      subjectOf: (id: string) => `evt.small.${id}`,
      decider: {
        initialState: 0,
        decide: (value: number) => accept({ type: 'Small' as const, data: { value } }),
        evolve: (state: number) => state + 1,
      },
      catalogue: catalogueOf([Small]),
      snapshot: { version: 1, encode: (state: number) => state, decode: (stored: unknown) => z.int().parse(stored) },
    };
    await expect(storeOn(events).execute(definition, 'a', 4, metaOf('small', 4))).rejects.toBeInstanceOf(InvalidEvent);
    expect((await events.head()).lastSeq).toBe(0);
  });

  it('takes literal subjects of its category only', () => {
    const { events, storeOn } = memoryLog();
    for (const subject of ['evt.other.a', 'evt.ledger.*', 'evt.ledger.>', 'evt.ledger.a b', 'evt.ledger.'])
      expect(() =>
        storeOn(events).execute({ ...ledger, subjectOf: () => subject }, 'a', deposit(1), metaOf('x', 1)),
      ).toThrow(TypeError);
  });

  it('notices a stored event that changed on disk, and recovers when it is mended', async () => {
    const { events, storeOn } = memoryLog();
    await run(storeOn(events), 'a', '1', deposit(1));
    await run(storeOn(events), 'a', '2', deposit(2));
    const [, original] = await events.readSubject('evt.ledger.a', 1, 'leader');
    const store = storeOn(events);
    events.tamper(2, (message) => {
      const data = Uint8Array.from(message.data);
      data[data.length - 2]! ^= 1;
      return { ...message, data };
    });
    await expect(run(store, 'a', '3', deposit(1))).rejects.toMatchObject({ problem: 'hash_mismatch', seq: 2 });
    events.tamper(2, (message) => ({ ...message, headers: new Map([...message.headers, [header.actor, 'mallory']]) }));
    await expect(run(store, 'a', '3', deposit(1))).rejects.toBeInstanceOf(LogCorrupt);
    events.tamper(2, () => original!);
    expect(await run(store, 'a', '3', deposit(1))).toMatchObject({ ok: true, value: { state: { balance: 4 } } });
  });
});

describe('verifyEvents', () => {
  it('finds a bit that flipped anywhere in an event', async () => {
    const { events, storeOn } = memoryLog();
    for (const key of ['1', '2', '3']) await run(storeOn(events), 'a', key, deposit(1));
    const original = (await events.get(2, 'leader'))!;
    const find = async (): Promise<LogProblem[]> => {
      const found: LogProblem[] = [];
      for await (const problem of verifyEvents(events, ledgerCatalogue)) found.push(problem);
      return found;
    };
    expect(await find()).toEqual([]);
    for (let index = 0; index < original.data.length; index += 1) {
      const data = Uint8Array.from(original.data);
      data[index]! ^= 1;
      events.tamper(2, () => ({ ...original, data }));
      expect(await find()).toContainEqual(expect.objectContaining({ seq: 2, code: 'hash_mismatch' }));
    }
    for (const name of original.headers.keys()) {
      if (name.startsWith('Nats-') || name === header.traceparent) continue;
      events.tamper(2, () => ({ ...original, headers: new Map([...original.headers, [name, 'f'.repeat(64)]]) }));
      expect((await find()).map(({ seq }) => seq)).toContain(2);
    }
  });

  it('yields what is missing, once, and goes on behind it', async () => {
    const { events, storeOn } = memoryLog();
    for (const id of ['a', 'b', 'c', 'd']) await run(storeOn(events), id, '1', deposit(1));
    const holed: StreamStore = Object.assign(Object.create(events) as MemoryStream, {
      readFrom: async (fromSeq: number, limit: number) =>
        (await events.readFrom(fromSeq, limit, 'leader')).filter(({ seq }) => seq !== 2 && seq !== 4),
    });
    const verification = verifyEvents(holed, ledgerCatalogue);
    const found: unknown[] = [];
    let step = await verification.next();
    for (; step.done !== true; step = await verification.next()) found.push([step.value.seq, step.value.code]);
    expect(found).toEqual([
      [2, 'sequence_gap'],
      [4, 'sequence_gap'],
    ]);
    expect(step.value).toMatchObject({ lastSeq: 4, events: 2, aggregates: 2, problems: 2 });
  });
});

describe('under random faults', () => {
  const command = fc.record({
    process: fc.nat({ max: 2 }),
    id: fc.constantFrom('a', 'b', 'c'),
    // Few keys, so that commands repeat, across processes too.
    key: fc.nat({ max: 15 }),
    withdraws: fc.boolean(),
    // Of these no other process knows: whatever becomes of them is this one's doing.
    guarded: fc.boolean(),
    amount: fc.integer({ min: 1, max: 5 }),
  });

  it('holds: acknowledged ⊆ log, no command twice, versions contiguous, chains intact, no balance below zero', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        fc.constantFrom(1 as const, 3 as const),
        fc.double({ min: 0, max: 0.6, noNaN: true }),
        async (commands, randomness, replicas, rate) => {
          const random = (): number => Number(randomness.next().value);
          const clock = pausingClock();
          const events = new MemoryStream({ name: 'EVENTS', clock, replicas });
          const snapshots = new MemoryStream({ name: 'SNAPSHOTS', clock, replicas, lastPerSubject: true });
          const faulty = [0, 1, 2].map(() => new FaultyStream(events, randomFaults(random, rate)));
          const stores = faulty.map(
            (stream) =>
              new AggregateStore({
                events: stream,
                snapshots: new SnapshotStore(new FaultyStream(snapshots, randomFaults(random, rate))),
                clock,
                random,
                pause: clock.pause,
                cacheSize: 2,
              }),
          );
          const outrun = new Set<string>();
          const outcomes = await Promise.all(
            commands.map(async ({ process, id, key, withdraws, guarded, amount }, index) => {
              const body = withdraws ? withdraw(amount) : deposit(amount);
              const meta = metaOf(guarded ? `guarded ${index}` : `${id} ${key}`, body);
              const seenThrough = guarded ? (await events.head()).lastSeq : undefined;
              try {
                const outcome = await stores[process]!.execute(ledger, id, body, meta, { seenThrough });
                if (guarded && outcome.ok) expect(outcome.value.seq).toBe(seenThrough! + 1);
                return { id, meta, outcome };
              } catch (error) {
                if (guarded && error instanceof StreamMovedOn) {
                  outrun.add(meta.commandId);
                  return undefined;
                }
                // Unsettled in time, or a read failed: the caller may repeat it. Anything else is a defect.
                if (error instanceof AppendContention || error instanceof StreamUnavailable) return undefined;
                throw error;
              }
            }),
          );
          await Promise.all(faulty.map((stream) => stream.quiet()));
          await Promise.all(stores.map((store) => store.idle()));

          for await (const problem of verifyEvents(events, ledgerCatalogue)) throw new Error(JSON.stringify(problem));
          const { records } = await new EventReader(events, ledgerCatalogue).page(1, 1_000);
          const bySeq = new Map(records.map((record) => [record.seq, record]));
          // Whatever was still on its way when they were told.
          for (const record of records) expect(!isUnknown(record) && outrun.has(record.meta.commandId)).toBe(false);
          for (const settled of outcomes) {
            if (settled?.outcome.ok !== true) continue;
            const record = bySeq.get(settled.outcome.value.seq);
            if (record === undefined || isUnknown(record)) throw new Error('an acknowledged event is not in the log');
            expect(record.id).toBe(settled.outcome.value.eventId);
            // An attempt after the first is a decision of its own, at the instant of that attempt.
            const { at, ...meta } = record.meta;
            expect({ ...meta, at: settled.meta.at }).toEqual(settled.meta);
            expect(at === settled.meta.at || Date.parse(at) <= clock.now()).toBe(true);
            expect(record.event).toEqual(settled.outcome.value.event);
          }
          for (const id of ['a', 'b', 'c']) {
            let balance = 0;
            for (const { data, headers } of await events.readSubject(`evt.ledger.${id}`, 1, 'leader')) {
              const { amount } = JSON.parse(Buffer.from(data).toString()) as { amount: number };
              balance += headers.get(header.type) === 'Deposited' ? amount : -amount;
              expect(balance).toBeGreaterThanOrEqual(0);
            }
            // Snapshots written among all these faults, and none of them, lead to the same state.
            const fresh = new AggregateStore({ events, snapshots: new SnapshotStore(snapshots), clock, random });
            expect((await fresh.load(ledger, id, { consistency: 'leader' })).state.balance).toBe(balance);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
