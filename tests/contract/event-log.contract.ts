/**
 * What the event log promises, whatever it runs on. One run shares its streams: each test has aggregates of its own, and
 * the last one verifies the log that all of them have left behind.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Backend } from './backend.js';
import {
  deposit,
  ledger,
  ledgerCatalogue,
  metaOf,
  withdraw,
  type LedgerCommand,
  type LedgerDefinition,
} from './ledger.js';
import { offers } from './offers.js';
import { RecordingStream } from './recording-stream.js';
import { payments } from './upcasting.js';
import { catalogueOf, eventCatalogue, header, type EventCatalogue } from '#libs/contracts/index.js';
import {
  AggregateStore,
  DuplicateMessageId,
  encodeEvent,
  EventReader,
  ExpectationMissing,
  FaultyStream,
  genesisHash,
  isUnknown,
  LogCorrupt,
  scriptedFaults,
  SnapshotStore,
  snapshotSubject,
  StreamConflict,
  StreamMovedOn,
  UnknownEvent,
  verifyEvents,
  type LogProblem,
  type OutgoingMessage,
  type StreamMessage,
  type StreamStore,
} from '#libs/event-log/index.js';
import { canonicalJson, systemClock, type Clock } from '#libs/kernel/index.js';
import { until } from '#tests/support/wait.js';

export interface ContractSizes {
  /** Rounds of each race of writers. */
  readonly raceRounds: number;
  /** Events of other aggregates, among which a few are found. */
  readonly others: number;
}

export interface ContractOptions extends ContractSizes {
  readonly open: () => Promise<Backend>;
}

export function eventLogContract(name: string, { open, raceRounds, others }: ContractOptions): void {
  describe(`event log on ${name}`, () => {
    let backend: Backend;
    let forged: { readonly seq: number; readonly code: LogProblem['code'] }[];

    beforeAll(async () => {
      backend = await open();
      forged = [];
    }, 60_000);

    afterAll(async () => {
      await backend.close();
    });

    const storeOn = (events: StreamStore, snapshots: StreamStore = backend.snapshots): AggregateStore =>
      new AggregateStore({
        events,
        snapshots: new SnapshotStore(snapshots),
        clock: systemClock,
        random: () => 0.5,
      });

    const run = (store: AggregateStore, id: string, key: string, command: LedgerCommand, definition = ledger) =>
      store.execute(definition, id, command, metaOf(`${id} ${key}`, command));

    const fill = async (store: AggregateStore, id: string, count: number): Promise<void> => {
      for (let index = 1; index <= count; index += 1) await run(store, id, `fill ${index}`, deposit(1));
    };

    /** Behind the last message of its subject, whatever it is. */
    const place = async (message: OutgoingMessage) => {
      const last = await backend.events.lastOf(message.subject, 'leader');
      return backend.events.publish({ ...message, expectedLastSubjectSeq: last?.seq ?? 0 });
    };

    const balanceOf = async (id: string, definition = ledger): Promise<number> =>
      (await storeOn(backend.events).load(definition, id, { consistency: 'leader' })).state.balance;

    describe('the stream', () => {
      it('stores a message that names the last sequence of its subject, and refuses any other', async () => {
        const { events } = backend;
        const subject = 'evt.port.expectation';
        const message = { subject, headers: { [header.type]: 'Port' }, data: Buffer.from('{}') };
        const first = await events.publish({ ...message, expectedLastSubjectSeq: 0 });
        const other = await events.publish({ ...message, subject: 'evt.port.other', expectedLastSubjectSeq: 0 });
        expect(other.seq).toBe(first.seq + 1);
        await expect(events.publish({ ...message, expectedLastSubjectSeq: 0 })).rejects.toMatchObject({
          code: 'stream_conflict',
          lastSeq: first.seq,
        });
        await expect(events.publish({ ...message, expectedLastSubjectSeq: other.seq })).rejects.toBeInstanceOf(
          StreamConflict,
        );
        const second = await events.publish({ ...message, expectedLastSubjectSeq: first.seq });
        expect(second).toEqual({ seq: other.seq + 1, duplicate: false });
        for (const seq of [first.seq, other.seq, second.seq]) forged.push({ seq, code: 'malformed_envelope' });
      });

      it('refuses what names no last sequence of its subject, and sends nothing', async () => {
        const { events } = backend;
        const { lastSeq } = await events.head();
        const message = { subject: 'evt.port.unguarded', headers: {}, data: Buffer.from('{}') };
        await expect(events.publish(message)).rejects.toBeInstanceOf(ExpectationMissing);
        await expect(events.publish({ ...message, expectedLastSeq: lastSeq })).rejects.toMatchObject({
          code: 'expectation_missing',
          subject: 'evt.port.unguarded',
        });
        expect((await events.head()).lastSeq).toBe(lastSeq);
      });

      it('stores a message that names the last sequence of the stream too only as the next one of all', async () => {
        const { events } = backend;
        const message = { subject: 'evt.port.guarded', headers: {}, data: Buffer.from('{}') };
        const before = (await events.head()).lastSeq;
        const first = await events.publish({ ...message, expectedLastSubjectSeq: 0, expectedLastSeq: before });
        expect(first).toEqual({ seq: before + 1, duplicate: false });
        const other = await place({ ...message, subject: 'evt.port.guarded-other' });
        for (const { seq } of [first, other]) forged.push({ seq, code: 'malformed_envelope' });

        const refusal = (expectedLastSubjectSeq: number, expectedLastSeq: number): Promise<unknown> =>
          events.publish({ ...message, expectedLastSubjectSeq, expectedLastSeq }).catch((error: unknown) => error);
        const both = await refusal(0, before);
        // One replica compares the subject first, three the stream.
        expect([first.seq, other.seq]).toContain((both as StreamConflict).lastSeq);
        expect(await refusal(first.seq, before)).toMatchObject({ code: 'stream_conflict', lastSeq: other.seq });
        expect(await refusal(first.seq, other.seq + 9)).toMatchObject({ code: 'stream_conflict', lastSeq: other.seq });
        expect(await refusal(0, other.seq)).toMatchObject({ code: 'stream_conflict', lastSeq: first.seq });
        expect((await events.head()).lastSeq).toBe(other.seq);
      });

      it(`lets nothing between a guarded append and what it has seen, in ${raceRounds} races with one that is not`, async () => {
        const [guarded, free] = (await backend.writers(2)) as [StreamStore, StreamStore];
        const message = { headers: {}, data: Buffer.from('{}') };
        const outcomes = { stored: 0, refused: 0 };
        let mine = 0;
        let theirs = 0;
        for (let round = 0; round < raceRounds; round += 1) {
          const seen = (await guarded.head()).lastSeq;
          const append = () =>
            guarded.publish({
              ...{ ...message, subject: 'evt.port.race-guarded' },
              ...{ expectedLastSubjectSeq: mine, expectedLastSeq: seen },
            });
          const intrude = () =>
            free.publish({ ...message, subject: 'evt.port.race-free', expectedLastSubjectSeq: theirs });
          const racing = round % 2 === 0 ? [append(), intrude()] : [intrude(), append()];
          const settled = await Promise.allSettled(racing);
          const [own, other] = round % 2 === 0 ? settled : settled.toReversed();
          // Another subject's guard is not in its way.
          if (other?.status !== 'fulfilled') throw new Error('the append without a guard failed', { cause: other });
          theirs = other.value.seq;
          if (own?.status === 'fulfilled') {
            outcomes.stored += 1;
            mine = own.value.seq;
            expect(mine).toBe(seen + 1);
          } else {
            outcomes.refused += 1;
            expect(own?.reason).toBeInstanceOf(StreamConflict);
            expect(theirs).toBe(seen + 1);
          }
        }
        for (const subject of ['evt.port.race-guarded', 'evt.port.race-free'])
          for (const { seq } of await backend.events.readSubject(subject, 1, 'leader'))
            forged.push({ seq, code: 'malformed_envelope' });
        expect(outcomes.stored + outcomes.refused).toBe(raceRounds);
        expect(outcomes.stored).toBeGreaterThan(0);
        expect(outcomes.refused).toBeGreaterThan(0);
      }, 60_000);

      it('gives a message back as it came, by every way of reading', async () => {
        const { events } = backend;
        const subject = 'evt.port.reading';
        const data = Buffer.from(JSON.stringify({ text: 'Zürich – 東京', blob: 'x'.repeat(5_000) }));
        const headers = { [header.type]: 'Port', 'X-Text': 'Grüße, 東京', 'x-lower': 'a: b' };
        const { seq } = await place({ subject, headers, data, messageId: 'port-reading' });
        forged.push({ seq, code: 'malformed_envelope' });

        const read = await events.get(seq, 'leader');
        expect(read).toMatchObject({ seq, subject });
        expect(Buffer.from(read!.data).equals(data)).toBe(true);
        expect(Object.fromEntries(read!.headers)).toEqual({
          ...headers,
          [header.messageId]: 'port-reading',
          [header.expectedLastSubjectSequence]: '0',
        });
        expect(read!.time).toBeGreaterThan(Date.parse('2020-01-01'));

        await until(async () => (await events.get(seq, 'replica')) !== undefined, { what: 'the replica to have it' });
        const followed = await firstFollowed(events, seq);
        const ways = [
          await events.get(seq, 'replica'),
          await events.lastOf(subject, 'leader'),
          await events.lastOf(subject, 'replica'),
          ...(await events.readSubject(subject, 1, 'leader')),
          ...(await events.readSubject(subject, 1, 'replica')),
          (await events.readFrom(seq, 1, 'leader'))[0],
          (await events.readFrom(seq, 1, 'replica'))[0],
          followed,
        ];
        expect(ways).toHaveLength(8);
        for (const way of ways) expect(plain(way)).toEqual(plain(read));
        expect((await events.head()).lastTime).toBeGreaterThanOrEqual(read!.time);
      });

      it('answers undefined or nothing for what is not there', async () => {
        const { events } = backend;
        const { lastSeq } = await events.head();
        for (const consistency of ['leader', 'replica'] as const) {
          expect(await events.get(lastSeq + 1_000_000, consistency)).toBeUndefined();
          expect(await events.lastOf('evt.port.nothing', consistency)).toBeUndefined();
          expect(await events.readSubject('evt.port.nothing', 1, consistency)).toEqual([]);
          expect(await events.readFrom(lastSeq + 1_000_000, 10, consistency)).toEqual([]);
        }
      });

      it('answers the repeat of a stored message with a conflict or as a duplicate, and stores it once', async () => {
        const { events } = backend;
        const message = {
          subject: 'evt.port.repeat',
          headers: {},
          data: Buffer.from('{}'),
          messageId: 'port-repeat',
          expectedLastSubjectSeq: 0,
        };
        const { seq } = await events.publish(message);
        forged.push({ seq, code: 'malformed_envelope' });
        const answer = await events.publish(message).catch((error: unknown) => error);
        // One replica compares the expectation first, three the message id.
        if (answer instanceof StreamConflict) expect(answer.lastSeq).toBe(seq);
        else expect(answer).toEqual({ seq, duplicate: true });
        expect(await events.readSubject(message.subject, 1, 'leader')).toHaveLength(1);
      });

      it('reads through the leader what another writer was just told is stored', async () => {
        const [writer, reader] = (await backend.writers(2)) as [StreamStore, StreamStore];
        const subject = 'evt.port.fresh';
        let last = 0;
        for (let round = 0; round < 50; round += 1) {
          const message = { subject, headers: {}, data: Buffer.from('{}'), expectedLastSubjectSeq: last };
          const { seq } = await writer.publish(message);
          forged.push({ seq, code: 'malformed_envelope' });
          expect((await reader.lastOf(subject, 'leader'))?.seq).toBe(seq);
          expect((await reader.readSubject(subject, last + 1, 'leader')).map((each) => each.seq)).toEqual([seq]);
          expect((await reader.readFrom(seq, 5, 'leader')).map((each) => each.seq)).toEqual([seq]);
          expect((await reader.head()).lastSeq).toBe(seq);
          last = seq;
        }
      });

      it(`lets exactly one of six writers win each of ${raceRounds} rounds`, async () => {
        const writers = await backend.writers(6);
        const subject = 'evt.port.race';
        let last = 0;
        for (let round = 0; round < raceRounds; round += 1) {
          const outcomes = await Promise.allSettled(
            writers.map((writer, index) =>
              writer.publish({
                subject,
                headers: { Writer: String(index) },
                data: Buffer.from('{}'),
                messageId: `race-${round}-${index}`,
                expectedLastSubjectSeq: last,
              }),
            ),
          );
          const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
          const losers = outcomes.flatMap((outcome): unknown[] =>
            outcome.status === 'rejected' ? [outcome.reason] : [],
          );
          expect(losers.filter((reason) => !(reason instanceof StreamConflict))).toEqual([]);
          expect(winners).toHaveLength(1);
          expect(winners[0]!.duplicate).toBe(false);
          last = winners[0]!.seq;
        }
        const stored = await backend.events.readSubject(subject, 1, 'leader');
        expect(stored).toHaveLength(raceRounds);
        expect(stored.at(-1)?.seq).toBe(last);
        const [first, second, third] = stored.map(({ seq }) => seq);
        const some = await backend.events.readSubject(subject, first! + 1, 'leader', 2);
        expect(some.map(({ seq }) => seq)).toEqual([second, third]);
        for (const { seq } of stored) forged.push({ seq, code: 'malformed_envelope' });
      }, 60_000);
    });

    describe('commands', () => {
      it('appends one event with the whole envelope', async () => {
        const store = storeOn(backend.events);
        const meta = { ...metaOf('envelope 1', deposit(5)), causationId: 'cause-1' };
        const outcome = await store.execute(ledger, 'envelope', deposit(5), meta);
        expect(outcome).toMatchObject({
          ok: true,
          value: { repeated: false, event: { type: 'Deposited', data: { amount: 5 } }, state: { balance: 5 } },
        });
        if (!outcome.ok) return;
        const reader = new EventReader(backend.events, ledgerCatalogue);
        expect(await reader.read(outcome.value.seq)).toMatchObject({
          seq: outcome.value.seq,
          subject: 'evt.ledger.envelope',
          id: outcome.value.eventId,
          event: { type: 'Deposited', data: { amount: 5 } },
          eventVersion: 1,
          aggregateVersion: 1,
          meta,
          previousHash: genesisHash,
        });
      });

      it('answers a repeat, however late and by whichever process, with the recorded event and appends nothing', async () => {
        const store = storeOn(backend.events);
        const first = await run(store, 'repeat', 'a', deposit(7));
        await fill(store, 'repeat', 3);
        const events = new RecordingStream(backend.events);
        for (const other of [store, storeOn(events)]) {
          const again = await run(other, 'repeat', 'a', deposit(7));
          expect(again).toMatchObject({ ok: true, value: { repeated: true, state: { balance: 10 } } });
          if (first.ok && again.ok) {
            expect(again.value.seq).toBe(first.value.seq);
            expect(again.value.eventId).toBe(first.value.eventId);
            expect(again.value.event).toEqual(first.value.event);
          }
        }
        expect(events.calls.filter((call) => call.startsWith('publish'))).toEqual([]);
      });

      it('refuses a known command id with another body', async () => {
        const store = storeOn(backend.events);
        const recorded = seqOf(await run(store, 'reuse', 'a', deposit(1)));
        await run(store, 'reuse', 'later', deposit(3));
        expect(await run(store, 'reuse', 'a', deposit(2))).toMatchObject({
          ok: false,
          rejection: { code: 'idempotency_conflict' },
          seq: recorded,
        });
        expect(await balanceOf('reuse')).toBe(4);
      });

      it('leaves no trace of a refused command, which is decided anew when it comes again', async () => {
        const store = storeOn(backend.events);
        const { lastSeq } = await backend.events.head();
        expect(await run(store, 'refused', 'w', withdraw(3))).toEqual({
          ok: false,
          rejection: { code: 'insufficient_funds', balance: 0 },
          seq: 0,
        });
        expect((await backend.events.head()).lastSeq).toBe(lastSeq);
        await run(store, 'refused', 'd', deposit(3));
        expect(await run(store, 'refused', 'w', withdraw(3))).toMatchObject({ ok: true, value: { repeated: false } });
      });

      it('finds its event when the answer to the append was lost', async () => {
        const events = new FaultyStream(backend.events, scriptedFaults({ publish: [{ kind: 'lost_ack' }] }));
        const outcome = await run(storeOn(events), 'lost-ack', 'a', deposit(4));
        expect(outcome).toMatchObject({ ok: true, value: { state: { balance: 4, entries: 1 } } });
        expect(await backend.events.readSubject('evt.ledger.lost-ack', 1, 'leader')).toHaveLength(1);
      });

      it('finds its event behind others that came after it', async () => {
        const subject = 'evt.ledger.lost-ack-behind';
        let overtake = true;
        const events = new FaultyStream(backend.events, {
          next: (point) => (point === 'publish' && overtake ? { kind: 'lost_ack' } : undefined),
        });
        const store = storeOn(events);
        await run(storeOn(backend.events), 'lost-ack-behind', 'seed', deposit(1));
        await store.load(ledger, 'lost-ack-behind', { consistency: 'leader' });
        const other = storeOn(backend.events);
        // Before it looks for its own event, the other process appends one more.
        const slow = new RecordingStream(events);
        const racing = new AggregateStore({
          events: slow,
          snapshots: new SnapshotStore(backend.snapshots),
          clock: systemClock,
          random: () => 0,
          pause: async () => {
            overtake = false;
            await run(other, 'lost-ack-behind', 'other', deposit(10));
          },
        });
        const outcome = await run(racing, 'lost-ack-behind', 'mine', deposit(100));
        expect(outcome).toMatchObject({
          ok: true,
          value: { event: { data: { amount: 100 } }, state: { balance: 111 } },
        });
        const stored = await backend.events.readSubject(subject, 1, 'leader');
        expect(stored).toHaveLength(3);
        expect(outcome.ok && outcome.value.seq).toBe(stored[1]!.seq);
      });

      it('decides again when the message was lost, in flight with another, or the server was away', async () => {
        for (const kind of ['lost_message', 'in_flight', 'unavailable'] as const) {
          const events = new FaultyStream(backend.events, scriptedFaults({ publish: [{ kind }, { kind }] }));
          expect(await run(storeOn(events), `again-${kind}`, 'a', deposit(2))).toMatchObject({
            ok: true,
            value: { repeated: false, state: { balance: 2 } },
          });
          expect(await backend.events.readSubject(`evt.ledger.again-${kind}`, 1, 'leader')).toHaveLength(1);
        }
      });

      it('appends once when the lost message arrives after all', async () => {
        for (const afterOperations of [1, 2, 3]) {
          const id = `late-${afterOperations}`;
          const events = new FaultyStream(
            backend.events,
            scriptedFaults({ publish: [{ kind: 'late_message', afterOperations }] }),
          );
          expect(await run(storeOn(events), id, 'a', deposit(2))).toMatchObject({ ok: true });
          await events.quiet();
          expect(await backend.events.readSubject(`evt.ledger.${id}`, 1, 'leader')).toHaveLength(1);
        }
      });

      it('decides again on the state that won a race, and refuses only what that state forbids', async () => {
        const [mine, others] = [storeOn(backend.events), storeOn(backend.events)];
        await run(mine, 'stale', 'seed', deposit(10));
        const won = seqOf(await run(others, 'stale', 'w1', withdraw(8)));
        // `mine` still remembers 10. It may not withdraw 5 now; 2 it may.
        expect(await run(mine, 'stale', 'w2', withdraw(5))).toEqual({
          ok: false,
          rejection: { code: 'insufficient_funds', balance: 2 },
          seq: won,
        });
        await run(others, 'stale', 'd', deposit(1));
        expect(await run(mine, 'stale', 'w3', withdraw(3))).toMatchObject({
          ok: true,
          value: { state: { balance: 0 } },
        });
      });

      it('gives a rejection only on state read through the leader', async () => {
        await run(storeOn(backend.events), 'lagging', 'seed', deposit(10));
        const lagging = { kind: 'lagging_replica', messages: 1_000_000 } as const;
        const events = new FaultyStream(backend.events, { next: (point) => (point === 'read' ? lagging : undefined) });
        // The replica knows no deposit at all: a rejection there would be a lie.
        expect(await run(storeOn(events), 'lagging', 'w', withdraw(10))).toMatchObject({
          ok: true,
          value: { state: { balance: 0 } },
        });
        const recording = new RecordingStream(backend.events);
        expect(await run(storeOn(recording), 'lagging', 'w2', withdraw(1))).toMatchObject({ ok: false });
        expect(recording.calls.at(-1)).toMatch(/^readSubject evt\.ledger\.lagging \d+ leader$/);
      });

      it('answers a repeat although the replica that is asked has not seen its event', async () => {
        const command = deposit(6);
        const first = await run(storeOn(backend.events), 'lagging-repeat', 'a', command);
        const lagging = { kind: 'lagging_replica', messages: 1_000_000 } as const;
        const events = new FaultyStream(backend.events, { next: (point) => (point === 'read' ? lagging : undefined) });
        const again = await run(storeOn(events), 'lagging-repeat', 'a', command);
        expect(again.ok && again.value.seq).toBe(first.ok && first.value.seq);
        expect(await backend.events.readSubject('evt.ledger.lagging-repeat', 1, 'leader')).toHaveLength(1);
      });

      it('does not believe an acknowledgement of the same message id on another subject', async () => {
        const store = storeOn(backend.events);
        const meta = metaOf('one id for two things', deposit(1));
        await store.execute(ledger, 'trap-one', deposit(1), meta);
        await expect(store.execute(ledger, 'trap-two', deposit(1), meta)).rejects.toBeInstanceOf(DuplicateMessageId);
        expect(await backend.events.readSubject('evt.ledger.trap-two', 1, 'leader')).toEqual([]);
      });

      it('answers a command that another process has just settled, whatever state it decided on', async () => {
        const [mine, others] = [storeOn(backend.events), storeOn(backend.events)];
        await run(mine, 'same-command', 'seed', deposit(1));
        await run(others, 'same-command', 'between', deposit(1));
        const theirs = await run(others, 'same-command', 'x', deposit(5));
        // `mine` remembers the first event only: it appends the same command in another place.
        const answer = await run(mine, 'same-command', 'x', deposit(5));
        expect(answer).toMatchObject({ ok: true, value: { state: { balance: 7 } } });
        expect(answer.ok && answer.value.seq).toBe(theirs.ok && theirs.value.seq);
        const stale = storeOn(backend.events);
        await run(stale, 'other-body', 'seed', deposit(1));
        await run(others, 'other-body', 'x', deposit(5));
        expect(await run(stale, 'other-body', 'x', deposit(6))).toMatchObject({
          ok: false,
          rejection: { code: 'idempotency_conflict' },
        });
      });

      it('does not get in its own way: 40 commands at once to one aggregate are 40 appends', async () => {
        const events = new RecordingStream(backend.events);
        const store = storeOn(events);
        const outcomes = await Promise.all(
          Array.from({ length: 40 }, (_, index) => run(store, 'queue', String(index), deposit(1))),
        );
        expect(outcomes.every(({ ok }) => ok)).toBe(true);
        expect(events.calls.filter((call) => call.startsWith('publish'))).toHaveLength(40);
        expect(await balanceOf('queue')).toBe(40);
      });

      it('settles six processes that change one aggregate at once', async () => {
        const stores = (await backend.writers(6)).map((events) => storeOn(events));
        const outcomes = await Promise.all(
          stores.flatMap((store, process) =>
            Array.from({ length: 5 }, (_, index) => run(store, 'contended', `${process} ${index}`, deposit(1))),
          ),
        );
        expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
        expect(await balanceOf('contended')).toBe(30);
      }, 60_000);
    });

    describe('decisions that expire', () => {
      const clockAt = (instant: string): Clock => ({ ...systemClock, now: () => Date.parse(instant) });
      const expiring = (events: StreamStore, clock: Clock): AggregateStore =>
        new AggregateStore({ events, snapshots: new SnapshotStore(backend.snapshots), clock, random: () => 0 });
      const [before, after] = ['2026-11-23T10:00:00.000Z', '2026-11-23T10:00:00.001Z'];
      const offer = (id: string) => ({ ...metaOf(`${id} offer`, 'offer'), at: before });

      it('are decided at the instant of each attempt: what has expired by the second is refused', async () => {
        const id = 'offer-expired';
        const store = expiring(backend.events, clockAt(after));
        await store.load(offers, id, { consistency: 'leader' });
        // The other process is faster: the first attempt, which is in time, loses its race.
        const rival = expiring(backend.events, clockAt(before));
        const won = await rival.execute(offers, id, 'until 10:00:00.000', {
          ...offer(id),
          commandId: metaOf('r', 1).commandId,
        });
        expect(await store.execute(offers, id, 'until 10:00:00.000', offer(id))).toEqual({
          ok: false,
          rejection: { code: 'expired', at: after },
          seq: seqOf(won),
        });
        expect(await backend.events.readSubject(`evt.offers.${id}`, 1, 'leader')).toHaveLength(1);
      });

      it('are recorded with the instant at which they were made', async () => {
        const id = 'offer-again';
        const events = new FaultyStream(backend.events, scriptedFaults({ publish: [{ kind: 'in_flight' }] }));
        const accepted = await expiring(events, clockAt(after)).execute(offers, id, 'for ever', offer(id));
        const record = await new EventReader(backend.events, offers.catalogue).read(seqOf(accepted));
        expect(record).toMatchObject({ meta: { ...offer(id), at: after }, event: { data: { at: after } } });
        expect(accepted).toMatchObject({ ok: true, value: { repeated: false, state: [after] } });
        const loaded = await storeOn(backend.events).load(offers, id, { consistency: 'leader' });
        expect(loaded.state).toEqual([after]);
      });

      it('are found by their command when only the answer was lost, although they have expired since', async () => {
        const id = 'offer-lost-ack';
        const events = new FaultyStream(backend.events, scriptedFaults({ publish: [{ kind: 'lost_ack' }] }));
        const store = expiring(events, clockAt(after));
        const accepted = await store.execute(offers, id, 'until 10:00:00.000', offer(id));
        expect(accepted).toMatchObject({ ok: true, value: { repeated: false, event: { data: { at: before } } } });
        const again = await expiring(backend.events, clockAt(after)).execute(offers, id, 'until 10:00:00.000', {
          ...offer(id),
          at: after,
        });
        expect(again).toMatchObject({ ok: true, value: { repeated: true, seq: seqOf(accepted) } });
        expect(await backend.events.readSubject(`evt.offers.${id}`, 1, 'leader')).toHaveLength(1);
      });
    });

    describe('guarded commands', () => {
      const guarded = (
        store: AggregateStore,
        id: string,
        {
          seenThrough,
          command = deposit(1),
          key = 'guarded',
        }: { seenThrough: number; command?: LedgerCommand; key?: string },
      ) => store.execute(ledger, id, command, metaOf(`${id} ${key}`, command), { seenThrough });
      const headSeq = async (): Promise<number> => (await backend.events.head()).lastSeq;

      it('are appended right behind what was seen, the first of an aggregate and a later one', async () => {
        const store = storeOn(backend.events);
        const seen = await headSeq();
        expect(seqOf(await guarded(store, 'guard', { seenThrough: seen }))).toBe(seen + 1);
        expect(seqOf(await guarded(store, 'guard', { seenThrough: seen + 1, key: '2' }))).toBe(seen + 2);
        expect(await balanceOf('guard')).toBe(2);
      });

      it('are told at once that others have appended, to whatever aggregate', async () => {
        const events = new RecordingStream(backend.events);
        const store = storeOn(events);
        await fill(store, 'guard-moved', 1);
        const seenThrough = await headSeq();
        for (const [id, key] of [
          ['guard-moved-other', 'other'],
          ['guard-moved', 'own'],
        ] as const) {
          await run(storeOn(backend.events), id, key, deposit(1));
          events.calls.length = 0;
          const failure: unknown = await guarded(store, 'guard-moved', { seenThrough }).catch(
            (error: unknown) => error,
          );
          expect(failure).toBeInstanceOf(StreamMovedOn);
          expect(failure).toMatchObject({ code: 'stream_moved_on', seenThrough, lastSeq: await headSeq() });
          // It looks once: nothing is tried again until its time is up.
          expect(events.calls.filter((call) => call.startsWith('publish')).length).toBeLessThanOrEqual(1);
        }
        // Whoever looks again may repeat it, under the same command id.
        expect(await guarded(store, 'guard-moved', { seenThrough: await headSeq() })).toMatchObject({
          ok: true,
          value: { repeated: false, state: { balance: 3 } },
        });
      });

      it('are decided again when only what was remembered of their own aggregate is old', async () => {
        const store = storeOn(backend.events);
        await fill(store, 'guard-stale', 1);
        await run(storeOn(backend.events), 'guard-stale', 'other', deposit(5));
        const seen = await headSeq();
        const outcome = await guarded(store, 'guard-stale', { seenThrough: seen, command: withdraw(1) });
        expect(outcome).toMatchObject({ ok: true, value: { seq: seen + 1, state: { balance: 5 } } });
      });

      it('name the position that was seen when they are refused', async () => {
        const store = storeOn(backend.events);
        await fill(store, 'guard-refused', 1);
        await fill(store, 'guard-refused-other', 1);
        const seenThrough = await headSeq();
        expect(await guarded(store, 'guard-refused', { seenThrough, command: withdraw(2) })).toEqual({
          ok: false,
          rejection: { code: 'insufficient_funds', balance: 1 },
          seq: seenThrough,
        });
        // On a state that was not seen nothing is refused either.
        await run(store, 'guard-refused', 'later', withdraw(1));
        await expect(guarded(store, 'guard-refused', { seenThrough, command: withdraw(2) })).rejects.toBeInstanceOf(
          StreamMovedOn,
        );
      });

      it('are found when their answer was lost, also behind events of others, and repeated under any guard', async () => {
        for (const intruders of [0, 1]) {
          const id = `guard-lost-ack-${intruders}`;
          const faulty = new FaultyStream(backend.events, scriptedFaults({ publish: [{ kind: 'lost_ack' }] }));
          const store = new AggregateStore({
            events: faulty,
            snapshots: new SnapshotStore(backend.snapshots),
            clock: systemClock,
            random: () => 0,
            pause: async () => {
              await fill(storeOn(backend.events), `${id}-other`, intruders);
            },
          });
          const seenThrough = await headSeq();
          const first = await guarded(store, id, { seenThrough });
          expect(first).toMatchObject({ ok: true, value: { seq: seenThrough + 1, repeated: false } });
          const again = await guarded(storeOn(backend.events), id, { seenThrough: await headSeq() });
          expect(again).toMatchObject({ ok: true, value: { seq: seenThrough + 1, repeated: true } });
          expect(await backend.events.readSubject(`evt.ledger.${id}`, 1, 'leader')).toHaveLength(1);
        }
      });

      it('stay out for good once they were told so, should a lost message arrive after all', async () => {
        const faulty = new FaultyStream(
          backend.events,
          scriptedFaults({ publish: [{ kind: 'late_message', afterOperations: 1_000 }] }),
        );
        const store = new AggregateStore({
          events: faulty,
          snapshots: new SnapshotStore(backend.snapshots),
          clock: systemClock,
          random: () => 0,
          pause: async () => {
            await run(storeOn(backend.events), 'guard-late-other', 'a', deposit(1));
          },
        });
        const seenThrough = await headSeq();
        await expect(guarded(store, 'guard-late', { seenThrough })).rejects.toBeInstanceOf(StreamMovedOn);
        await faulty.quiet();
        expect(await backend.events.readSubject('evt.ledger.guard-late', 1, 'leader')).toEqual([]);
      });

      it('are appended once when nobody else appends and messages are lost, late or in flight', async () => {
        for (const kind of ['lost_message', 'in_flight', 'unavailable', 'late_message'] as const) {
          const id = `guard-again-${kind}`;
          const fault = kind === 'late_message' ? { kind, afterOperations: 2 } : { kind };
          const faulty = new FaultyStream(backend.events, scriptedFaults({ publish: [fault] }));
          const seenThrough = await headSeq();
          const outcome = await guarded(storeOn(faulty), id, { seenThrough });
          expect(seqOf(outcome)).toBe(seenThrough + 1);
          await faulty.quiet();
          expect(await backend.events.readSubject(`evt.ledger.${id}`, 1, 'leader')).toHaveLength(1);
        }
      });

      it('get through to the end when processes that look again contend for one decision each', async () => {
        const stores = (await backend.writers(4)).map((events) => storeOn(events));
        const settled = await Promise.all(
          stores.map(async (store, process) => {
            for (let looks = 1; ; looks += 1) {
              const seenThrough = await headSeq();
              try {
                const outcome = await guarded(store, `guard-contended-${process}`, { seenThrough });
                return { looks, behind: seqOf(outcome) - seenThrough };
              } catch (error) {
                if (!(error instanceof StreamMovedOn)) throw error;
              }
            }
          }),
        );
        expect(settled.map(({ behind }) => behind)).toEqual([1, 1, 1, 1]);
      }, 60_000);

      it('take a sequence only', () => {
        for (const seenThrough of [-1, 1.5, NaN])
          expect(() => guarded(storeOn(backend.events), 'guard', { seenThrough })).toThrow(RangeError);
      });
    });

    describe('loading', () => {
      it(`finds the few events of an aggregate among ${others} of others`, async () => {
        const store = storeOn(backend.events);
        await fill(store, 'needle', 3);
        await backend.publishMany(eventsOfOthers(others / 2, 'before'));
        await run(store, 'needle', 'middle', deposit(10));
        await backend.publishMany(eventsOfOthers(others / 2, 'after'));
        await run(store, 'needle', 'last', withdraw(5));
        const loaded = await storeOn(backend.events).load(ledger, 'needle', { consistency: 'leader' });
        expect(loaded).toMatchObject({ state: { balance: 8, entries: 5 }, version: 5 });
        expect(loaded.seq).toBe((await backend.events.lastOf('evt.ledger.needle', 'leader'))?.seq);
      }, 60_000);

      it('reads an aggregate and a range that take several batches, whole and in order', async () => {
        const subject = 'evt.port.long';
        const before = (await backend.events.head()).lastSeq;
        await backend.publishMany(
          Array.from({ length: 1_200 }, (_, index) => ({
            subject,
            headers: {},
            data: Buffer.from(JSON.stringify(index)),
          })),
        );
        for (const consistency of ['leader', 'replica'] as const) {
          const found = await until(
            async () => {
              const messages = await backend.events.readSubject(subject, 1, consistency);
              return messages.length >= 1_200 && messages;
            },
            { what: 'all messages of the subject' },
          );
          expect(new Set(found.map(({ data }) => Buffer.from(data).toString()))).toHaveProperty('size', 1_200);
          expect(found.map(({ seq }) => seq)).toEqual(found.map(({ seq }) => seq).sort((a, b) => a - b));
        }
        const range = await backend.events.readFrom(before + 1, 1_150, 'leader');
        expect(range.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_150 }, (_, index) => before + 1 + index));
        for (const { seq } of await backend.events.readSubject(subject, 1, 'leader'))
          forged.push({ seq, code: 'malformed_envelope' });
      }, 60_000);

      it('starts at the newest snapshot and reads only what came after', async () => {
        const store = storeOn(backend.events);
        await fill(store, 'snapshot', 19);
        await store.idle();
        const snapshot = await latestSnapshot('snapshot');
        expect(snapshot).toMatchObject({ schema: 1, version: 16, state: { balance: 16, entries: 16 } });
        expect(snapshot.commands).toHaveLength(16);

        const events = new RecordingStream(backend.events);
        const loaded = await storeOn(events).load(ledger, 'snapshot', { consistency: 'replica' });
        expect(loaded).toMatchObject({ state: { balance: 19 }, version: 19 });
        expect(events.calls).toEqual([`readSubject evt.ledger.snapshot ${snapshot.seq} replica`]);
        // A command from before the snapshot is still known.
        expect(await run(storeOn(backend.events), 'snapshot', 'fill 2', deposit(1))).toMatchObject({
          ok: true,
          value: { repeated: true },
        });
      });

      it('asks the leader when the replica does not have the event of the snapshot yet', async () => {
        const store = storeOn(backend.events);
        await fill(store, 'snapshot-ahead', 9);
        await store.idle();
        await latestSnapshot('snapshot-ahead');
        const lagging = { kind: 'lagging_replica', messages: 1_000_000 } as const;
        const events = new FaultyStream(backend.events, { next: (point) => (point === 'read' ? lagging : undefined) });
        const loaded = await storeOn(events).load(ledger, 'snapshot-ahead', { consistency: 'replica' });
        expect(loaded).toMatchObject({ state: { balance: 9 }, version: 9 });
      });

      it('ignores a snapshot that is damaged, of another schema, or does not fit its event', async () => {
        const store = storeOn(backend.events);
        await fill(store, 'disposable', 8);
        await store.idle();
        const good = await latestSnapshot('disposable');
        const snapshots = new SnapshotStore(backend.snapshots);
        const telltale = { ...good, state: { balance: 999, entries: 8 } };
        const load = async (definition: LedgerDefinition = ledger): Promise<number> =>
          (await storeOn(backend.events).load(definition, 'disposable', { consistency: 'leader' })).state.balance;
        const place = async (stored: object): Promise<void> => {
          await snapshots.write('evt.ledger.disposable', stored as typeof good);
          // Whichever replica answers the load must have it: one of three may be a moment behind.
          const isThere = async (): Promise<boolean> =>
            canonicalJson((await snapshots.read('evt.ledger.disposable')) ?? null) === canonicalJson(stored);
          await until(async () => (await Promise.all(Array.from({ length: 12 }, isThere))).every(Boolean), {
            what: 'the snapshot to be there',
          });
        };

        // The proof that a snapshot which fits is used at all.
        await place(telltale);
        expect(await load()).toBe(999);
        expect(await load({ ...ledger, snapshot: { ...ledger.snapshot, version: 2 } })).toBe(8);
        await place({ ...telltale, hash: genesisHash });
        expect(await load()).toBe(8);
        await place({ ...telltale, version: 7 });
        expect(await load()).toBe(8);
        await place({ ...telltale, seq: good.seq - 1 });
        expect(await load()).toBe(8);
        await place({ ...telltale, state: { balance: 'many' } });
        expect(await load()).toBe(8);
        for (const data of [Buffer.from('not gzip'), Buffer.alloc(0)]) {
          const { seq } = await backend.snapshots.publish({
            subject: snapshotSubject('evt.ledger.disposable'),
            headers: {},
            data,
          });
          await until(async () => (await backend.snapshots.lastOf('snap.ledger.disposable', 'replica'))?.seq === seq, {
            what: 'the damaged snapshot to be there',
          });
          expect(await load()).toBe(8);
        }
      });

      it('goes on without snapshots when their stream fails', async () => {
        const failures: unknown[] = [];
        const always = (): { readonly kind: 'unavailable' } => ({ kind: 'unavailable' });
        const store = new AggregateStore({
          events: backend.events,
          snapshots: new SnapshotStore(new FaultyStream(backend.snapshots, { next: always })),
          clock: systemClock,
          random: () => 0.5,
          onSnapshotError: (subject, error) => failures.push([subject, error]),
        });
        await fill(store, 'no-snapshots', 9);
        await store.idle();
        expect(await balanceOf('no-snapshots')).toBe(9);
        // One read at the first load, one write after the eighth event.
        expect(failures).toHaveLength(2);
      });

      it('upcasts stored events of every version', async () => {
        const golden = await readGolden('paid.v1-v2.json');
        let last = 0;
        for (const { subject, headers, body } of golden) {
          const { seq } = await backend.events.publish({
            subject,
            headers,
            data: Buffer.from(body, 'utf8'),
            expectedLastSubjectSeq: last,
          });
          last = seq;
        }
        const store = storeOn(backend.events);
        const outcome = await store.execute(
          payments,
          'golden',
          { hundredths: 250, currency: 'CHF' },
          metaOf('golden 3', 250),
        );
        expect(outcome).toMatchObject({
          ok: true,
          value: {
            state: [
              { hundredths: 1_200, currency: 'EUR' },
              { hundredths: 700, currency: 'USD' },
              { hundredths: 250, currency: 'CHF' },
            ],
          },
        });
        const reader = new EventReader(backend.events, payments.catalogue);
        const records = (await reader.page(1, 10, { aggregate: 'evt.payments.golden' })).records;
        expect(records.map((record) => !isUnknown(record) && record.eventVersion)).toEqual([1, 2, 3]);
      });
    });

    describe('integrity', () => {
      /** An aggregate of two good events, and the next one, which the test may spoil. */
      const prepare = async (id: string) => {
        const store = storeOn(backend.events);
        await fill(store, id, 2);
        const [first, last] = (await backend.events.readSubject(`evt.ledger.${id}`, 1, 'leader')) as [
          StreamMessage,
          StreamMessage,
        ];
        const next = (changes: { aggregateVersion?: number; previousHash?: string; key?: string; on?: string } = {}) =>
          encodeEvent(
            ledgerCatalogue,
            { type: 'Deposited', data: { amount: 100 } },
            metaOf(changes.key ?? `${id} forged`, deposit(100)),
            {
              subject: `evt.ledger.${changes.on ?? id}`,
              aggregateVersion: changes.aggregateVersion ?? 3,
              previousHash: changes.previousHash ?? last.headers.get(header.hash)!,
            },
          ).message;
        return { first, last, next };
      };
      const expectCorrupt = async (id: string, problem: LogProblem['code'], seq: number): Promise<void> => {
        forged.push({ seq, code: problem });
        const failure: unknown = await run(storeOn(backend.events), id, 'after', deposit(1)).catch(
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(LogCorrupt);
        expect(failure).toMatchObject({ problem, seq });
      };

      it('notices a broken chain', async () => {
        const { next, first } = await prepare('chain');
        const { seq } = await place(next({ previousHash: first.headers.get(header.hash)! }));
        await expectCorrupt('chain', 'chain_broken', seq);
      });

      it('notices a changed body and a changed header', async () => {
        for (const [id, change] of [
          [
            'body',
            (message: ReturnType<typeof encodeEvent>['message']) => ({ ...message, data: Buffer.from('{"amount":9}') }),
          ],
          [
            'header',
            (message: ReturnType<typeof encodeEvent>['message']) => ({
              ...message,
              headers: { ...message.headers, [header.actor]: 'mallory' },
            }),
          ],
        ] as const) {
          const { next } = await prepare(`changed-${id}`);
          const { seq } = await place(change(next()));
          await expectCorrupt(`changed-${id}`, 'hash_mismatch', seq);
        }
      });

      it('does not mind what tracing and the server do to their own headers', async () => {
        const { next } = await prepare('foreign-headers');
        const { messageId: _messageId, ...message } = next();
        const { [header.traceparent]: _traceparent, ...headers } = message.headers;
        await place({ ...message, headers: { ...headers, 'Nats-Something': 'else' } });
        expect(await balanceOf('foreign-headers')).toBe(102);
      });

      it('notices a gap in the versions', async () => {
        const { next } = await prepare('versions');
        const { seq } = await place(next({ aggregateVersion: 4 }));
        await expectCorrupt('versions', 'version_gap', seq);
      });

      it('notices an event that was moved to another aggregate', async () => {
        const { next } = await prepare('moved');
        const { seq } = await place({ ...next({ on: 'elsewhere' }), subject: 'evt.ledger.moved' });
        await expectCorrupt('moved', 'malformed_envelope', seq);
      });

      it('notices a command that has two events', async () => {
        const { next } = await prepare('twice');
        const { messageId: _messageId, ...message } = next({ key: 'twice fill 1' });
        const { seq } = await place(message);
        await expectCorrupt('twice', 'repeated_command', seq);
      });

      it('stops a write model at an unknown event, and lets a reader count it', async () => {
        const newer = catalogueOf([...ledgerCatalogue.values(), ...payments.catalogue.values()]);
        const { last } = await prepare('unknown');
        const { message } = encodeEvent(
          newer,
          { type: 'Paid', data: { hundredths: 1, currency: 'EUR' } },
          metaOf('unknown 3', 1),
          { subject: 'evt.ledger.unknown', aggregateVersion: 3, previousHash: last.headers.get(header.hash)! },
        );
        const { seq } = await place(message);
        const failure: unknown = await run(storeOn(backend.events), 'unknown', 'after', deposit(1)).catch(
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(UnknownEvent);
        expect(failure).toMatchObject({ seq, type: 'Paid' });

        const page = await new EventReader(backend.events, ledgerCatalogue).page(1, 10, {
          aggregate: 'evt.ledger.unknown',
        });
        expect(page.records.map((record) => (isUnknown(record) ? record.unknown.code : record.event.type))).toEqual([
          'Deposited',
          'Deposited',
          'unknown_event_type',
        ]);
      });

      it('stops a write model at data that its schema refuses', async () => {
        const { next } = await prepare('newer');
        const { seq } = await place({
          ...next(),
          headers: { ...next().headers, [header.eventVersion]: '2' },
        });
        // The version is part of what is hashed; a program that really wrote version 2 would have hashed it.
        await expectCorrupt('newer', 'hash_mismatch', seq);
        const reader = new EventReader(backend.events, ledgerCatalogue);
        expect(await reader.read(seq)).toMatchObject({
          unknown: { code: 'newer_event_version', version: 2, known: 1 },
        });
        forged.push({ seq, code: 'undecodable_event' });
      });
    });

    describe('reading', () => {
      it('pages by position, by type and by aggregate', async () => {
        const store = storeOn(backend.events);
        const before = (await backend.events.head()).lastSeq;
        await fill(store, 'pages', 5);
        await run(store, 'pages', 'w', withdraw(2));
        await fill(store, 'pages-other', 3);
        const reader = new EventReader(backend.events, ledgerCatalogue);

        const first = await reader.page(before + 1, 4);
        expect(first.records.map(({ seq }) => seq - before)).toEqual([1, 2, 3, 4]);
        expect(first.nextSeq).toBe(before + 5);
        const rest = await reader.page(first.nextSeq!, 100);
        expect(rest).toMatchObject({ nextSeq: undefined, lastSeq: before + 9 });
        expect(rest.records).toHaveLength(5);

        const withdrawals = await reader.page(before + 1, 10, { types: ['Withdrawn'] });
        expect(withdrawals.records.map(({ seq }) => seq - before)).toEqual([6]);
        const one = await reader.page(before + 1, 2, { aggregate: 'evt.ledger.pages', types: ['Deposited'] });
        expect(one.records.map(({ seq }) => seq - before)).toEqual([1, 2]);
        expect(one.nextSeq).toBe(before + 3);
        const end = await reader.page(before + 10, 10);
        expect(end).toEqual({ records: [], nextSeq: undefined, lastSeq: before + 9 });
      });

      it('follows from a sequence on: what is there, then what comes, until it is told to stop', async () => {
        const store = storeOn(backend.events);
        await fill(store, 'followed', 3);
        const from = (await backend.events.lastOf('evt.ledger.followed', 'leader'))!.seq;
        const follower = startFollowing(backend.events, from, 2);
        await follower.until(1);
        for (let index = 0; index < 20; index += 1) await run(store, 'followed', `live ${index}`, deposit(1));
        await follower.until(21);
        await follower.stop();
        expect(follower.seqs).toEqual(Array.from({ length: 21 }, (_, index) => from + index));
        expect(Math.max(...follower.batchSizes)).toBeLessThanOrEqual(2);
      });

      it('follows from a sequence that is yet to come, and gives none before it', async () => {
        const store = storeOn(backend.events);
        const { lastSeq } = await backend.events.head();
        const follower = startFollowing(backend.events, lastSeq + 3, 10);
        await fill(store, 'yet-to-come', 5);
        await follower.until(3);
        await follower.stop();
        expect(follower.seqs).toEqual([lastSeq + 3, lastSeq + 4, lastSeq + 5]);
      });

      it('gives nothing more once it is told to stop', async () => {
        const store = storeOn(backend.events);
        const from = (await backend.events.head()).lastSeq + 1;
        await fill(store, 'stopped', 6);
        const abort = new AbortController();
        const seqs: number[] = [];
        for await (const batch of backend.events.follow({ fromSeq: from, signal: abort.signal, maxBatch: 2 })) {
          seqs.push(...batch.map(({ seq }) => seq));
          // Whatever has arrived behind this batch by now stays unread.
          await backend.events.head();
          abort.abort();
        }
        expect(seqs[0]).toBe(from);
        expect(seqs.length).toBeLessThanOrEqual(2);
      });

      it('stops following at once when nothing comes', async () => {
        const follower = startFollowing(backend.events, (await backend.events.head()).lastSeq + 1, 10);
        await follower.stop();
        expect(follower.seqs).toEqual([]);
      });
    });

    describe('the log that is left', () => {
      it('goes on through a disruption: every acknowledged append is there, a follower misses and repeats nothing', async () => {
        const store = storeOn(backend.events);
        const from = (await backend.events.head()).lastSeq + 1;
        const follower = startFollowing(backend.events, from, 500);
        const acknowledged: number[] = [];
        const append = async (key: string): Promise<void> => {
          await until(
            async () => {
              const outcome = await run(store, `disrupted-${key.length}`, key, deposit(1));
              if (outcome.ok) acknowledged.push(outcome.value.seq);
              return outcome.ok;
            },
            { what: `append ${key}`, timeoutMs: 30_000 },
          );
        };
        for (let index = 0; index < 10; index += 1) await append(`before ${index}`);
        await follower.until(10);
        const disruption = backend.disrupt?.();
        for (let index = 0; index < 20; index += 1) await append(`while or after ${index}`);
        await disruption;
        await append('the very last one');
        await follower.until(31);
        await follower.stop();
        expect(acknowledged).toHaveLength(31);
        const { lastSeq } = await backend.events.head();
        expect(follower.seqs).toEqual(Array.from({ length: lastSeq - from + 1 }, (_, index) => from + index));
        expect(follower.seqs).toEqual(acknowledged);
      }, 60_000);

      it('verifies, but for exactly what these tests have forged', async () => {
        const catalogue: EventCatalogue = catalogueOf([
          ...ledgerCatalogue.values(),
          ...payments.catalogue.values(),
          ...offers.catalogue.values(),
          ...eventCatalogue.values(),
        ]);
        const problems: LogProblem[] = [];
        const verification = verifyEvents(backend.events, catalogue);
        let step = await verification.next();
        for (; step.done !== true; step = await verification.next()) problems.push(step.value);
        const { lastSeq } = await backend.events.head();
        expect(step.value).toMatchObject({ lastSeq, events: lastSeq, problems: problems.length });
        const tag = ({ seq, code }: { readonly seq: number; readonly code: string }): string => `${seq} ${code}`;
        const expected = new Set(forged.map(tag));
        // What follows a message without a proper envelope has nothing to be chained to.
        expect(problems.filter((problem) => !expected.has(tag(problem)))).toEqual([]);
        const found = new Set(problems.map(tag));
        expect(forged.filter((each) => !found.has(tag(each)))).toEqual([]);
      }, 60_000);
    });

    /** The newest snapshot, once any server has it. */
    async function latestSnapshot(id: string) {
      return until(() => new SnapshotStore(backend.snapshots).read(`evt.ledger.${id}`), {
        what: `a snapshot of ${id}`,
      });
    }
  });
}

const seqOf = (outcome: { readonly ok: boolean; readonly value?: { readonly seq: number } }): number => {
  if (outcome.value === undefined) throw new Error(`refused: ${JSON.stringify(outcome)}`);
  return outcome.value.seq;
};

const plain = (message: StreamMessage | undefined) =>
  message && { ...message, headers: Object.fromEntries(message.headers), data: Buffer.from(message.data).toString() };

async function firstFollowed(events: StreamStore, fromSeq: number): Promise<StreamMessage | undefined> {
  for await (const [first] of events.follow({ fromSeq, signal: AbortSignal.timeout(10_000) })) return first;
  return undefined;
}

/** Valid events, each of another aggregate. */
const eventsOfOthers = (count: number, label: string): readonly OutgoingMessage[] =>
  Array.from(
    { length: count },
    (_, index) =>
      encodeEvent(
        ledgerCatalogue,
        { type: 'Deposited', data: { amount: 1 } },
        metaOf(`${label} ${index}`, deposit(1)),
        { subject: `evt.ledger.${label}-${index}`, aggregateVersion: 1, previousHash: genesisHash },
      ).message,
  );

interface Follower {
  readonly seqs: number[];
  readonly batchSizes: number[];
  until(count: number): Promise<void>;
  stop(): Promise<void>;
}

function startFollowing(events: StreamStore, fromSeq: number, maxBatch: number): Follower {
  const seqs: number[] = [];
  const batchSizes: number[] = [];
  const abort = new AbortController();
  const done = (async () => {
    for await (const batch of events.follow({ fromSeq, signal: abort.signal, maxBatch })) {
      batchSizes.push(batch.length);
      seqs.push(...batch.map(({ seq }) => seq));
    }
  })();
  // Told by `stop`.
  done.catch(() => undefined);
  return {
    seqs,
    batchSizes,
    until: async (count) => {
      await until(() => seqs.length >= count, { what: `${count} followed messages`, timeoutMs: 30_000 });
    },
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}

interface GoldenMessage {
  readonly subject: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function readGolden(file: string): Promise<readonly GoldenMessage[]> {
  return JSON.parse(await readFile(join(import.meta.dirname, 'golden', file), 'utf8')) as readonly GoldenMessage[];
}
