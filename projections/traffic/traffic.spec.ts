import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeChunk, encodeChunkSchema, header, type ChunkRows, type ChunkSchema } from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { digest, openDatabase, ProjectionReader, type Database, type ReadAt } from '#libs/projecting/index.js';
import { ArraySource } from '#libs/projecting/testing/array-source.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { ledger, ledgerSource } from '#libs/projecting/testing/ledger.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { traffic } from './apply.js';
import { TrafficQueries, type TrafficOfVersions, type TrafficSummary, type VersionTraffic } from './queries.js';

let handle: DatabaseHandle;
let database: Database;

beforeAll(async () => {
  handle = await createDatabase('traffic');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});

interface Sent {
  readonly epoch?: string;
  readonly counter: number;
  readonly givenUp?: readonly number[];
  readonly deployment?: string;
  /** Latencies in microseconds of served, failed, refused rows: their number is the number of rows. */
  readonly served?: readonly number[];
  readonly failed?: readonly number[];
  readonly refused?: readonly number[];
  /** Arm of each row; the first for all when absent. */
  readonly arms?: readonly number[];
  /** The model of both arms. */
  readonly model?: string;
  readonly storedAt?: number;
}

function chunk({ epoch = 'e1', counter, deployment = 'churn', storedAt, ...sent }: Sent, seq: number): StreamMessage {
  const { givenUp = [], served = [], failed = [], refused = [], model = 'm' } = sent;
  const latencies = [...served, ...failed, ...refused];
  const schema: ChunkSchema = {
    ...{ deployment, routing_seq: 7, epoch, instance: 'serving-0', inputs: [], outputs: [] },
    arms: ['1.0.0', '1.1.0'].map((version) => ({ role: 'live', model, version, rollout_id: 'r', artifact: 'a' })),
  };
  const rows: ChunkRows = {
    ...{ counter, givenUp, beganAt: 1_000.5 },
    ...{ served: served.length, failed: failed.length, refused: refused.length },
    arm: Uint8Array.from(latencies.map((_, row) => sent.arms?.[row] ?? 0)),
    latencyUs: Uint32Array.from(latencies),
    beganOffsetUs: new Uint32Array(latencies.length),
    codes: [...failed, ...refused].map(() => 'code'),
    details: [...failed, ...refused].map(() => '{}'),
    inputs: [],
    outputs: [],
  };
  return messageOf(encodeChunk(schema, encodeChunkSchema(schema), rows), seq, storedAt);
}

const messageOf = (data: Uint8Array, seq: number, storedAt = 1_000 * seq, subject = 'pred.churn'): StreamMessage => ({
  ...{ seq, time: storedAt, subject, data },
  headers: new Map([[header.type, 'PredictionsRecorded']]),
});

const positionOf = ({ seq, time }: StreamMessage) => ({ seq, storedAt: time });
const chunks = (sent: readonly Sent[]): StreamMessage[] => sent.map((one, index) => chunk(one, index + 1));
/** A batch per message: nothing is remembered between two but what PostgreSQL holds. */
const fold = (messages: readonly StreamMessage[], options: object = { sizes: [1] }): Promise<void> =>
  foldAnew(database, traffic, { positionOf }, messages, options);

async function counters(): Promise<unknown[]> {
  const { rows } = await database.query<{ counter: number; seq: number }>(
    'select counter, traffic_seq as seq from traffic.chunks order by epoch, traffic_seq',
  );
  return rows.map(({ counter, seq }) => [counter, seq]);
}

async function epochs(): Promise<unknown[]> {
  return (await database.query('select epoch, highest, missing, chunks, dropped from traffic.epochs order by epoch'))
    .rows;
}

describe('which chunks count', () => {
  it('takes a chunk that was stored twice once, the first time', async () => {
    await fold(chunks([{ counter: 1 }, { counter: 2 }, { counter: 1 }, { counter: 2 }, { counter: 3 }]));
    expect(await counters()).toEqual([
      [1, 1],
      [2, 2],
      [3, 5],
    ]);
    expect(await epochs()).toEqual([{ epoch: 'e1', highest: 3, missing: [], chunks: 3, dropped: 2 }]);
  });

  it('takes a retry that lands behind later chunks, once', async () => {
    await fold(
      chunks([{ counter: 4 }, { counter: 2 }, { counter: 7 }, { counter: 2 }, { counter: 1 }, { counter: 3 }]),
    );
    expect(await counters()).toEqual([
      [4, 1],
      [2, 2],
      [7, 3],
      [1, 5],
      [3, 6],
    ]);
    expect(await epochs()).toEqual([{ epoch: 'e1', highest: 7, missing: [[5, 6]], chunks: 5, dropped: 1 }]);
  });

  it('drops a counter that was given up on when it turns up later, and keeps one that came before', async () => {
    await fold(
      chunks([
        { counter: 1 },
        { counter: 3 },
        { counter: 5, givenUp: [1, 2, 4] },
        { counter: 2 },
        { counter: 4 },
        { counter: 5, givenUp: [1, 2, 4] },
      ]),
    );
    expect(await counters()).toEqual([
      [1, 1],
      [3, 2],
      [5, 3],
    ]);
    expect(await epochs()).toEqual([{ epoch: 'e1', highest: 5, missing: [], chunks: 3, dropped: 3 }]);
  });

  it('counts each writer’s life for itself', async () => {
    await fold(chunks([{ counter: 1 }, { counter: 1, epoch: 'e2' }, { counter: 1 }, { counter: 1, epoch: 'e2' }]));
    expect(await epochs()).toEqual([
      { epoch: 'e1', highest: 1, missing: [], chunks: 1, dropped: 1 },
      { epoch: 'e2', highest: 1, missing: [], chunks: 1, dropped: 1 },
    ]);
  });

  it('equals a reader that remembers every counter, in any order and however often, wherever batches are cut', async () => {
    const sent = fc.record({
      epoch: fc.constantFrom('e1', 'e2'),
      counter: fc.integer({ min: 1, max: 12 }),
      givenUp: fc.uniqueArray(fc.integer({ min: 1, max: 11 }), { maxLength: 2 }),
    });
    const log = fc
      .array(sent, { minLength: 1, maxLength: 40 })
      .map((all) =>
        all.map(({ givenUp, ...one }) => ({ ...one, givenUp: givenUp.filter((counter) => counter < one.counter) })),
      );
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(log, sizes, async (all, cuts) => {
        const messages = chunks(all);
        const done = new Set<string>();
        const expected: [string, number, number][] = [];
        for (const [index, { epoch, counter, givenUp }] of all.entries()) {
          if (!done.has(`${epoch} ${counter}`)) expected.push([epoch, counter, index + 1]);
          for (const other of [counter, ...givenUp]) done.add(`${epoch} ${other}`);
        }
        await fold(messages);
        const one = await digest(database, traffic);
        await fold(messages, { sizes: cuts });
        expect(await digest(database, traffic)).toEqual(one);
        const { rows } = await database.query<{ epoch: string; counter: number; seq: number }>(
          'select epoch, counter, traffic_seq as seq from traffic.chunks order by traffic_seq',
        );
        expect(rows.map(({ epoch, counter, seq }) => [epoch, counter, seq])).toEqual(expected);
      }),
      { numRuns: 12 },
    );
  });

  it('counts what is no chunk and leaves ticks alone', async () => {
    const strange = chunk({ counter: 1, served: [5], arms: [2] }, 3);
    const mangled = chunk({ counter: 1, served: [5] }, 4);
    await fold([
      messageOf(Buffer.from('no chunk'), 1),
      messageOf(Buffer.from('{}'), 2, 2_000, 'tick.churn'),
      strange,
      { ...mangled, data: mangled.data.subarray(0, mangled.data.length - 8) },
      chunk({ counter: 0 }, 5),
      chunk({ counter: 2, givenUp: [2] }, 6),
      { ...chunk({ counter: 1 }, 7), headers: new Map([[header.type, 'PredictionsSmelled']]) },
      chunk({ counter: 3 }, 8),
    ]);
    expect(await digest(database, traffic)).toMatchObject({ position: 8, skipped: 6 });
    expect(await epochs()).toEqual([{ epoch: 'e1', highest: 3, missing: [[1, 2]], chunks: 1, dropped: 0 }]);
  });
});

describe('reads', () => {
  const events = ledgerSource();

  function queries(trafficMessages: readonly StreamMessage[]): TrafficQueries {
    const source = new ArraySource<StreamMessage>('TRAFFIC', positionOf);
    source.append(...trafficMessages);
    const common = { database, clock: systemClock, waitMs: 50 };
    return new TrafficQueries({
      traffic: new ProjectionReader({ ...common, projection: traffic, head: () => source.head() }),
      events: new ProjectionReader({ ...common, projection: ledger, head: () => events.head() }),
    });
  }

  async function summary(messages: readonly StreamMessage[], at = {}, minutes?: number): Promise<TrafficSummary> {
    const found = await queries(messages).summary('churn', at, minutes);
    if (!found.ok) throw new Error(found.rejection.detail);
    return found.value;
  }

  beforeAll(async () => {
    // EVENTS as a whole: one every half minute.
    events.append(
      ...[1, 2, 3, 4].map((seq) => ({ seq, storedAt: 30_000 * seq, kind: 'change' as const, account: 'a', by: 1 })),
    );
    await foldAnew(database, ledger, events, events.messages);
  });

  it('find a chunk by its identity', async () => {
    const messages = chunks([{ counter: 1 }, { counter: 2, served: [10, 20], failed: [30], refused: [1] }]);
    await fold(messages);
    expect(await queries(messages).chunkOf('e1', 2)).toEqual({
      ok: true,
      value: {
        ...{ epoch: 'e1', counter: 2, traffic_seq: 2, deployment: 'churn', instance: 'serving-0', routing_seq: 7 },
        ...{ began_at: 1_000.5, stored_at: 2_000, served: 2, failed: 1, refused: 1 },
      },
    });
    expect(await queries(messages).chunkOf('e1', 3)).toEqual({ ok: true, value: undefined });
  });

  it('sum up per version and minute of the log’s time', async () => {
    const messages = chunks([
      { counter: 1, served: [10, 30], failed: [50], refused: [999], storedAt: 59_999 },
      { counter: 2, served: [20, 40], arms: [0, 1], storedAt: 60_000 },
      // The server's clock steps back: the log's does not.
      { counter: 3, served: [5], storedAt: 59_000 },
      { counter: 4, refused: [7], deployment: 'other', storedAt: 60_000 },
      { counter: 5, refused: [7], storedAt: 120_000 },
    ]);
    await fold(messages, {});
    const found = await summary(messages);
    const first = { served: 2, failed: 1, refused: 1, latency_min_us: 10, latency_max_us: 50, latency_sum_us: 90 };
    const second = { served: 2, failed: 0, refused: 0, latency_min_us: 5, latency_max_us: 20, latency_sum_us: 25 };
    const third = { served: 0, failed: 0, refused: 1, latency_min_us: null, latency_max_us: null, latency_sum_us: 0 };
    const other = { served: 1, failed: 0, refused: 0, latency_min_us: 40, latency_max_us: 40, latency_sum_us: 40 };
    expect(found.minutes).toEqual([
      { at: 0, model: 'm', version: '1.0.0', chunks: 1, ...first },
      { at: 60_000, model: 'm', version: '1.0.0', chunks: 2, ...second },
      { at: 60_000, model: 'm', version: '1.1.0', chunks: 1, ...other },
      { at: 120_000, model: 'm', version: '1.0.0', chunks: 1, ...third },
    ]);
    expect(found.versions).toEqual([
      {
        ...{ model: 'm', version: '1.0.0', chunks: 4, served: 4, failed: 1, refused: 2 },
        ...{ latency_min_us: 5, latency_max_us: 50, latency_sum_us: 115 },
      },
      { model: 'm', version: '1.1.0', chunks: 1, ...other },
    ]);
    expect(found).toMatchObject({ as_of_seq: 4, as_of_cut: { events: 4, traffic: 5 } });
    expect((await summary(messages, {}, 1)).minutes.map(({ at }) => at)).toEqual([120_000]);
  });

  it('cut traffic at the time of the position in EVENTS', async () => {
    const messages = chunks([
      { counter: 1, served: [1], storedAt: 29_000 },
      { counter: 2, served: [1], storedAt: 30_000 },
      { counter: 3, served: [1], storedAt: 60_000 },
      { counter: 4, served: [1], storedAt: 61_000 },
      { counter: 5, served: [1], storedAt: 200_000 },
    ]);
    await fold(messages, {});
    const seen = [];
    for (const at of [{ seq: 1 }, { seq: 2 }, { seq: 3 }, { at: 60_500 }, { at: 300_000 }]) {
      const found = await summary(messages, { as_of: at });
      seen.push([found.as_of_cut, found.versions[0]?.served ?? 0]);
    }
    expect(seen).toEqual([
      [{ events: 1, traffic: 2 }, 2],
      [{ events: 2, traffic: 3 }, 3],
      [{ events: 3, traffic: 4 }, 4],
      [{ events: 2, traffic: 3 }, 3],
      [{ events: 4, traffic: 5 }, 5],
    ]);
  });

  it('sum up versions over all deployments, up to each position and each instant, as adding every row does', async () => {
    const rows = fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 3 });
    const sent = fc.record({
      deployment: fc.constantFrom('churn', 'fraud'),
      model: fc.constantFrom('m', 'n'),
      served: rows,
      failed: rows,
      refused: rows,
      arms: fc.array(fc.constantFrom(0, 1), { minLength: 9, maxLength: 9 }),
      // Up to a minute on, or a second back, from the chunk before: minutes full, half full and empty.
      after: fc.constantFrom(-1_000, 0, 1, 5_000, 29_999, 30_000, 60_000),
      repeated: fc.boolean(),
    });
    const asked = [
      { model: 'n', version: '1.0.0' },
      { model: 'm', version: '1.1.0' },
      { model: 'm', version: '1.0.0' },
      { model: 'm', version: '1.0.0' },
      { model: 'x', version: '1.0.0' },
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 20 }), async (all) => {
        const messages: StreamMessage[] = [];
        const added: (Required<Pick<Sent, 'model' | 'served' | 'failed' | 'refused' | 'arms'>> & { time: number })[] =
          [];
        let storedAt = 20_000;
        let logTime = 0;
        for (const [index, { after, repeated, ...one }] of all.entries()) {
          const dropped = repeated && index > 0;
          storedAt += after;
          logTime = Math.max(logTime, storedAt);
          messages.push(chunk({ ...one, counter: dropped ? 1 : index + 1, storedAt }, index + 1));
          if (!dropped) added.push({ ...one, time: logTime });
        }
        await fold(messages, {});
        const found = queries(messages);
        const at = async (moment: ReadAt): Promise<TrafficOfVersions> => {
          const answer = await found.versionTraffic(asked, moment);
          if (!answer.ok) throw new Error(answer.rejection.detail);
          return answer.value;
        };
        for (const { seq, storedAt: time } of events.messages) {
          const expected = addedUp(added.filter((one) => one.time <= time));
          expect(await at({ as_of: { seq } })).toMatchObject({ as_of_seq: seq, versions: expected });
        }
        for (const instant of new Set(added.map(({ time }) => time))) {
          const expected = addedUp(added.filter(({ time }) => time <= instant));
          if (instant < 30_000) {
            expect(await found.versionTraffic(asked, { as_of: { at: instant } })).toMatchObject({
              rejection: { code: 'invalid_position' },
            });
            continue;
          }
          const { versions, as_of_cut } = await at({ as_of: { at: instant } });
          expect(versions).toEqual(expected);
          expect(as_of_cut.events).toBe(Math.min(4, Math.floor(instant / 30_000)));
        }
        const now = await at({});
        expect(now.versions).toEqual(addedUp(added));
        expect(now).toMatchObject({ as_of_seq: 4, as_of_cut: { events: 4, traffic: messages.length } });
      }),
      { numRuns: 15 },
    );
  });

  it('know no traffic of versions nobody asked for', async () => {
    const messages = chunks([{ counter: 1, served: [10] }]);
    await fold(messages);
    expect(await queries(messages).versionTraffic([])).toEqual({
      ok: true,
      value: { versions: [], as_of_seq: 4, as_of_cut: { events: 4, traffic: 1 } },
    });
  });

  it('wait for the projector and refuse what has not been', async () => {
    const messages = chunks([{ counter: 1, storedAt: 1_000 }]);
    await fold(messages);
    expect(
      await queries([...messages, chunk({ counter: 2, storedAt: 2_000 }, 2)]).summary('churn', { as_of: { seq: 1 } }),
    ).toMatchObject({
      rejection: { code: 'not_caught_up' },
    });
    expect(await queries(messages).summary('churn', { as_of: { seq: 9 } })).toMatchObject({
      rejection: { code: 'invalid_position' },
    });
  });
});

/** What the versions asked for in the property above had, row by row. */
function addedUp(
  chunks: readonly Required<Pick<Sent, 'model' | 'served' | 'failed' | 'refused' | 'arms'>>[],
): VersionTraffic[] {
  return [
    ['m', '1.0.0', 0],
    ['m', '1.1.0', 1],
    ['n', '1.0.0', 0],
  ].flatMap(([model, version, arm]) => {
    const counts = { chunks: 0, served: 0, failed: 0, refused: 0 };
    const latencies: number[] = [];
    for (const one of chunks.filter((chunk) => chunk.model === model)) {
      const kinds = [...one.served.map(() => 'served'), ...one.failed.map(() => 'failed')];
      const timed = [...one.served, ...one.failed];
      const mine = [...timed, ...one.refused].flatMap((latency, row) =>
        one.arms[row] === arm ? [[latency, kinds[row] ?? 'refused'] as const] : [],
      );
      if (mine.length > 0) counts.chunks++;
      for (const [latency, kind] of mine) {
        counts[kind as 'served' | 'failed' | 'refused']++;
        if (kind !== 'refused') latencies.push(latency);
      }
    }
    if (counts.chunks === 0) return [];
    return [
      {
        ...{ model: String(model), version: String(version), ...counts },
        latency_min_us: latencies.length > 0 ? Math.min(...latencies) : null,
        latency_max_us: latencies.length > 0 ? Math.max(...latencies) : null,
        latency_sum_us: latencies.reduce((sum, latency) => sum + latency, 0),
      },
    ];
  });
}
