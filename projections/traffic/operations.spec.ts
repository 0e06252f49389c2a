import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  encodeChunk,
  encodeChunkSchema,
  header,
  type api,
  type ChunkSchema,
  type Rejection,
} from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { isoTime, type Result } from '#libs/kernel/index.js';
import { digest, openDatabase, ProjectionReader, type Database, type ReadAt } from '#libs/projecting/index.js';
import { ArraySource } from '#libs/projecting/testing/array-source.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { ledger, ledgerSource } from '#libs/projecting/testing/ledger.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { traffic } from './apply.js';
import { OperationQueries, type OperationsAsked } from './operation-queries.js';

let handle: DatabaseHandle;
let database: Database;
const events = ledgerSource();
/** EVENTS: one every 20 s. */
const positions = [1, 2, 3, 4, 5, 6].map((seq) => ({ seq, storedAt: 20_000 * seq }));
const now = 130_000;

beforeAll(async () => {
  handle = await createDatabase('operations');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
  events.append(...positions.map((each) => ({ ...each, kind: 'change' as const, account: 'a', by: 1 })));
  await foldAnew(database, ledger, events, events.messages);
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});

interface Sent {
  readonly deployment: string;
  readonly model: string;
  readonly storedAt: number;
  readonly queued: number;
  /** Latencies in microseconds of served, failed, refused rows, each with its arm. */
  readonly served: readonly Row[];
  readonly failed: readonly Row[];
  readonly refused: readonly Row[];
  /** Stored a second time, right after. */
  readonly twice?: boolean;
}
type Row = readonly [latencyUs: number, arm: 0 | 1];

const arms = ['1.0.0', '1.1.0'] as const;

function messagesOf(sent: readonly Sent[]): StreamMessage[] {
  const messages: StreamMessage[] = [];
  for (const [index, one] of sent.entries()) {
    const data = chunkOf(one, index + 1);
    for (let copy = 0; copy < (one.twice === true ? 2 : 1); copy++)
      messages.push({
        ...{ seq: messages.length + 1, time: one.storedAt, subject: `pred.${one.deployment}`, data },
        headers: new Map([[header.type, 'PredictionsRecorded']]),
      });
  }
  return messages;
}

function chunkOf({ deployment, model, queued, served, failed, refused }: Sent, counter: number): Uint8Array {
  const rows = [...served, ...failed, ...refused];
  const schema: ChunkSchema = {
    ...{ deployment, routing_seq: 1, epoch: 'e1', instance: 'serving-0', inputs: [], outputs: [] },
    arms: arms.map((version) => ({ role: 'live', model, version, rollout_id: 'r', artifact: 'a' })),
  };
  return encodeChunk(schema, encodeChunkSchema(schema), {
    ...{ counter, givenUp: [], beganAt: 1_000, queued },
    ...{ served: served.length, failed: failed.length, refused: refused.length },
    arm: Uint8Array.from(rows, ([, arm]) => arm),
    latencyUs: Uint32Array.from(rows, ([latency]) => latency),
    beganOffsetUs: new Uint32Array(rows.length),
    codes: [...failed, ...refused].map(() => 'code'),
    details: [...failed, ...refused].map(() => '{}'),
    ...{ inputs: [], outputs: [] },
  });
}

const positionOf = ({ seq, time }: StreamMessage) => ({ seq, storedAt: time });

function queriesOver(messages: readonly StreamMessage[]): OperationQueries {
  const source = new ArraySource<StreamMessage>('TRAFFIC', positionOf);
  source.append(...messages);
  const clock = { now: () => now, monotonic: () => performance.now() };
  const common = { database, clock, waitMs: 50 };
  return new OperationQueries({
    traffic: new ProjectionReader({ ...common, projection: traffic, head: () => source.head() }),
    events: new ProjectionReader({ ...common, projection: ledger, head: () => events.head() }),
    clock,
  });
}

const accepted = <T>(result: Result<T, Rejection>): T => {
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
};

const one = (more: Partial<Sent>): Sent => ({
  ...{ deployment: 'churn', model: 'm', storedAt: 1_000, queued: 0, served: [], failed: [], refused: [] },
  ...more,
});

describe('how versions did', () => {
  it('is told per window of the log’s time and in all', async () => {
    const messages = messagesOf([
      one({
        storedAt: 59_999,
        queued: 3,
        served: [
          [1_000, 0],
          [3_000, 0],
        ],
        failed: [[5_000, 0]],
        refused: [[9_000, 0]],
      }),
      one({
        storedAt: 60_000,
        queued: 9,
        served: [
          [2_000, 0],
          [7_000, 1],
        ],
        twice: true,
      }),
      // The server's clock steps back: the log's does not.
      one({ storedAt: 58_000, refused: [[1, 0]] }),
      one({ storedAt: 125_000, deployment: 'other', served: [[1, 0]] }),
    ]);
    await foldAnew(database, traffic, { positionOf }, messages, { sizes: [1] });
    const { items, ...rest } = accepted(await queriesOver(messages).versions({ deployment: 'churn', windowS: 60 }));
    expect(rest).toEqual({ window_s: 60, as_of_seq: 6, as_of_cut: { events: 6, traffic: 5 } });
    expect(items.map(({ model, version }) => [model, version])).toEqual([
      ['m', '1.0.0'],
      ['m', '1.1.0'],
    ]);
    const [{ total, windows }, other] = [items[0]!, items[1]!];
    expect(total).toMatchObject({ rows: 6, served: 3, failed: 1, refused: 2, error_rate: 0.25 });
    expect(total.queued_rows).toEqual({ mean: 4, max: 9 });
    const told = windows.filter(({ rows }) => rows > 0);
    expect(told).toMatchObject([
      {
        ...{ from: isoTime(0), to: isoTime(60_000), served: 2, failed: 1, refused: 1, throughput: 4 / 60 },
        ...{ error_rate: 1 / 3, latency_ms: { mean: 3, max: 5 }, queued_rows: { mean: 3, max: 3 } },
      },
      {
        ...{ from: isoTime(60_000), to: isoTime(120_000), served: 1, failed: 0, refused: 1, throughput: 2 / 60 },
        ...{ error_rate: 0, latency_ms: { mean: 2, max: 2 }, queued_rows: { mean: 4.5, max: 9 } },
      },
    ]);
    expect(other.total).toMatchObject({ rows: 1, latency_ms: { max: 7 }, queued_rows: { mean: 9, max: 9 } });
    expect(windows.at(-1)).toEqual({
      ...{ from: isoTime(120_000), to: isoTime(now), rows: 0, served: 0, failed: 0, refused: 0, throughput: 0 },
      ...{ error_rate: null, latency_ms: null, queued_rows: null },
    });
    // An hour, of which the last window is the part that has passed.
    expect([windows.length, windows[0]!.from]).toEqual([61, isoTime(now - 3_600_000)]);
  });

  it('takes the rate of the unfinished window over the part that has passed', async () => {
    const messages = messagesOf([
      one({
        storedAt: 122_000,
        served: [
          [1, 0],
          [1, 0],
          [1, 0],
          [1, 0],
          [1, 0],
        ],
      }),
    ]);
    await foldAnew(database, traffic, { positionOf }, messages, {});
    const asked = { from: 60_000, windowS: 60 };
    const at = async (moment: ReadAt, to?: number): Promise<api.Operations> =>
      accepted(await queriesOver(messages).versions({ ...asked, to }, moment)).items[0]!.windows.at(-1)!;
    expect(await at({})).toMatchObject({ from: isoTime(120_000), to: isoTime(now), throughput: 0.5 });
    expect(await at({}, 999_000)).toMatchObject({ from: isoTime(120_000), to: isoTime(now), throughput: 0.5 });
    expect(await at({ as_of: { at: 125_000 } })).toMatchObject({ to: isoTime(125_000), throughput: 1 });
    expect(accepted(await queriesOver(messages).versions(asked, { as_of: { seq: 6 } })).items).toEqual([]);
  });

  it('refuses a span that is empty, and more windows than anybody reads', async () => {
    const refused = async (asked: Omit<OperationsAsked, 'windowS'>, windowS = 10, at: ReadAt = {}) => {
      const found = await queriesOver([]).versions({ ...asked, windowS }, at);
      return found.ok ? null : [found.rejection.code, found.rejection.errors?.[0]?.path];
    };
    await foldAnew(database, traffic, { positionOf }, [], {});
    expect(await refused({ from: 20_000, to: 10_000 })).toEqual(['invalid_request', 'query.from']);
    expect(await refused({ from: 20_000, to: 20_000 })).toEqual(['invalid_request', 'query.from']);
    expect(await refused({ from: now + 1 })).toEqual(['invalid_request', 'query.from']);
    expect(await refused({ from: 50_000 }, 10, { as_of: { seq: 2 } })).toEqual(['invalid_request', 'query.from']);
    const long = { from: now - 100_001_000, to: now };
    expect(await refused(long)).toEqual(['invalid_request', 'query.window_s']);
    expect(await refused(long, 20)).toBeNull();
  });

  it('equals what every row says, at every position and instant, for any windows, wherever batches are cut', async () => {
    const latency = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 50, max: 5_000_000 }));
    const rows = fc.array(fc.tuple(latency, fc.constantFrom<0 | 1>(0, 1)), { maxLength: 4 });
    const sent = fc.record({
      deployment: fc.constantFrom('churn', 'fraud'),
      model: fc.constantFrom('m', 'n'),
      queued: fc.integer({ min: 0, max: 9 }),
      ...{ served: rows, failed: rows, refused: rows },
      after: fc.constantFrom(-1_000, 0, 1, 4_000, 9_999, 10_000, 25_000),
      twice: fc.boolean(),
    });
    const asked = fc.record({
      deployment: fc.constantFrom(undefined, 'churn'),
      version: fc.constantFrom(undefined, '1.1.0'),
      from: fc.constantFrom(0, 5_000, 10_000, 31_000),
      to: fc.constantFrom(undefined, 40_000, 61_000, 120_000),
      windowS: fc.constantFrom(10, 20, 60, 120),
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 14 }), asked, sizes, async (all, question, cuts) => {
        let [storedAt, logTime] = [1_000, 0];
        const timed = all.map(({ after, ...each }) => {
          storedAt = Math.max(1, Math.min(storedAt + after, now));
          logTime = Math.max(logTime, storedAt);
          return { ...each, storedAt, logTime };
        });
        const messages = messagesOf(timed);
        await foldAnew(database, traffic, { positionOf }, messages, { sizes: [1] });
        const whole = await digest(database, traffic);
        await foldAnew(database, traffic, { positionOf }, messages, { sizes: cuts });
        expect(await digest(database, traffic)).toEqual(whole);

        const moments: { at: ReadAt; time: number }[] = [
          { at: {}, time: now },
          ...positions.map(({ seq, storedAt: time }) => ({ at: { as_of: { seq } }, time })),
          ...timed.map(({ logTime: time }) => ({ at: { as_of: { at: time } }, time })),
        ];
        for (const { at, time } of moments.filter((moment) => moment.time >= 20_000)) {
          const found = await queriesOver(messages).versions(question, at);
          if (question.from >= (question.to ?? time)) {
            expect(found).toMatchObject({ rejection: { code: 'invalid_request' } });
            continue;
          }
          expectExact(
            accepted(found),
            timed.filter((each) => each.logTime <= time),
            question,
            time,
          );
        }
      }),
      { numRuns: 5 },
    );
  }, 120_000);
});

interface Timed extends Sent {
  readonly logTime: number;
}

/** Every window of every version, and the totals, against the rows themselves. */
function expectExact(
  { items }: api.OperationsAnswer,
  sent: readonly Timed[],
  asked: OperationsAsked,
  moment: number,
): void {
  const ofVersions = new Map<string, { item: api.OperationsAnswer['items'][number]; seen: number }>(
    items.map((item) => [JSON.stringify([item.deployment, item.model, item.version]), { item, seen: 0 }]),
  );
  for (const { item } of ofVersions.values())
    for (const span of [item.total, ...item.windows]) {
      const [from, to] = [Date.parse(span.from), Date.parse(span.to)];
      const mine = sent
        .filter(
          ({ deployment, model, logTime }) =>
            deployment === item.deployment &&
            model === item.model &&
            logTime >= from &&
            logTime < to + (to % 10_000 === 0 ? 0 : 1),
        )
        .map((chunk) => ({ chunk, ...rowsOf(chunk, item.version) }))
        .filter(({ served, failed, refused }) => served.length + failed.length + refused.length > 0);
      const [served, failed, refused] = (['served', 'failed', 'refused'] as const).map((kind) =>
        mine.flatMap((each) => each[kind]),
      );
      const rows = served!.length + failed!.length + refused!.length;
      expect(span).toMatchObject({ rows, served: served!.length, failed: failed!.length, refused: refused!.length });
      expect(span.throughput).toBeCloseTo(rows / ((to - from) / 1000), 9);
      const reached = [...served!, ...failed!].sort((a, b) => a - b);
      if (reached.length === 0) {
        expect([span.latency_ms, span.error_rate]).toEqual([null, null]);
      } else {
        const latency = span.latency_ms!;
        expect(span.error_rate).toBe(failed!.length / reached.length);
        expect(latency.max * 1000).toBeCloseTo(reached.at(-1)!, 6);
        expect(latency.mean * 1000).toBeCloseTo(reached.reduce((sum, each) => sum + each, 0) / reached.length, 6);
        for (const [share, told] of [
          [0.5, latency.p50],
          [0.95, latency.p95],
          [0.99, latency.p99],
        ] as const) {
          const exact = reached[Math.ceil(share * reached.length) - 1]!;
          expect(Math.abs(told * 1000 - exact)).toBeLessThanOrEqual(0.02 * exact);
        }
      }
      const queued = mine.map(({ chunk }) => chunk.queued);
      expect(span.queued_rows).toEqual(
        queued.length === 0
          ? null
          : { mean: queued.reduce((sum, each) => sum + each, 0) / queued.length, max: Math.max(...queued) },
      );
      if (asked.version !== undefined) expect(item.version).toBe(asked.version);
      if (asked.deployment !== undefined) expect(item.deployment).toBe(asked.deployment);
    }
  // No version that has rows in the span is left out.
  const [from, to] = spanOf(asked, moment);
  for (const { item } of ofVersions.values())
    expect([item.total.from, item.total.to]).toEqual([isoTime(from), isoTime(to)]);
  const versions = sent
    .filter(({ logTime, deployment }) => logTime >= from && logTime < to && isAsked(asked.deployment, deployment))
    .flatMap((chunk) => arms.map((version) => ({ chunk, version, ...rowsOf(chunk, version) })))
    .filter(({ version }) => isAsked(asked.version, version))
    .filter(({ served, failed, refused }) => served.length + failed.length + refused.length > 0)
    .map(({ chunk, version }) => JSON.stringify([chunk.deployment, chunk.model, version]));
  expect([...ofVersions.keys()]).toEqual(expect.arrayContaining(versions));
}

const isAsked = (asked: string | undefined, found: string): boolean => asked === undefined || asked === found;

/** Whole ten seconds, up to the moment. */
function spanOf({ from = 0, to = Infinity }: OperationsAsked, moment: number): [from: number, to: number] {
  const last = Math.min(to, moment);
  return [10_000 * Math.floor(from / 10_000), Math.min(10_000 * Math.ceil(last / 10_000), moment)];
}

/** Latencies of a chunk's rows of one version. */
const rowsOf = (chunk: Sent, version: string) => {
  const of = (rows: readonly Row[]): number[] =>
    rows.filter(([, arm]) => arms[arm] === version).map(([latency]) => latency);
  return { served: of(chunk.served), failed: of(chunk.failed), refused: of(chunk.refused) };
};
