import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { api, header, type Rejection, type WindowRecord } from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { isoTime, type Result } from '#libs/kernel/index.js';
import { digest, openDatabase, ProjectionReader, type Database, type ReadAt } from '#libs/projecting/index.js';
import { ArraySource } from '#libs/projecting/testing/array-source.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { ledger, ledgerSource } from '#libs/projecting/testing/ledger.js';
import { traffic } from '#projections/traffic/index.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { windows } from './apply.js';
import { WindowQueries, type WindowsAt } from './queries.js';
import { measured, messageOf, verdict, windowClosed } from './testing/records.js';

let handle: DatabaseHandle;
let database: Database;
const events = ledgerSource();
/** EVENTS: at one second, and every ten after. */
const positions = [1, 10, 20, 30].map((second, index) => ({ seq: index + 1, storedAt: 1_000 * second }));
const now = 100_000;
const positionOf = ({ seq, time }: StreamMessage) => ({ seq, storedAt: time });

beforeAll(async () => {
  handle = await createDatabase('windows');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
  events.append(...positions.map((each) => ({ ...each, kind: 'change' as const, account: 'a', by: 1 })));
  await foldAnew(database, ledger, events, events.messages);
  await foldAnew(database, traffic, { positionOf }, []);
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});

async function folded(records: readonly WindowRecord[], sizes = [1_000]): Promise<WindowQueries> {
  return foldedMessages(
    records.map((record, index) => messageOf(record, index + 1)),
    sizes,
  );
}

async function foldedMessages(messages: readonly StreamMessage[], sizes = [1_000]): Promise<WindowQueries> {
  await foldAnew(database, windows, { positionOf }, messages, { sizes });
  const source = new ArraySource<StreamMessage>('WINDOWS', positionOf);
  source.append(...messages);
  const common = { database, clock: { now: () => now, monotonic: () => performance.now() }, waitMs: 50 };
  return new WindowQueries({
    windows: new ProjectionReader({ ...common, projection: windows, head: () => source.head() }),
    traffic: new ProjectionReader({
      ...{ ...common, projection: traffic },
      head: () => Promise.resolve({ firstSeq: 1, lastSeq: 0, lastTime: 0 }),
    }),
    events: new ProjectionReader({ ...common, projection: ledger, head: () => events.head() }),
  });
}

const accepted = <T>(result: Result<T, Rejection>): T => {
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
};
const asked = (more: Partial<WindowsAt> = {}): WindowsAt => ({ deployment: 'churn', columns: 100, limit: 50, ...more });
const skipped = async (): Promise<number | undefined> => (await digest(database, windows))?.skipped;

async function drift(queries: WindowQueries, more: Partial<WindowsAt> = {}): Promise<api.DriftAnswer> {
  const found = accepted(await queries.drift(asked(more)));
  expect(api.driftAnswer.parse(found)).toEqual(found);
  return found;
}
async function quality(queries: WindowQueries, more: Partial<WindowsAt> = {}): Promise<api.QualityAnswer> {
  const found = accepted(await queries.quality(asked(more)));
  expect(api.qualityAnswer.parse(found)).toEqual(found);
  return found;
}
const version = { deployment: 'churn', model: 'churn', version: '1.0.0' };
async function performanceAt(queries: WindowQueries, at: ReadAt = {}, more = {}) {
  const of = { versions: [version], from: 0, to: undefined, most: 100, ...more };
  return accepted(await queries.performance(of, at, 4)).versions[0]!;
}

describe('windows', () => {
  it('tell drift and quality column by column, the one that closed last first', async () => {
    const queries = await folded([windowClosed(1), windowClosed(2), measured(1)]);
    const { items, ...rest } = await drift(queries);
    expect(items.map(({ window, seq, from }) => [window, seq, from])).toEqual([
      [2, 2, isoTime(120_000)],
      [1, 1, isoTime(60_000)],
    ]);
    expect(items[0]).toMatchObject({
      ...{ closed_by: 'count', rows: { served: 90, failed: 4, refused: 6 }, sampled: 100, label_drift: null },
      ...{ notes: ['too few labels'], open: ['data_drift/features'], reference: { kind: 'window', number: 1 } },
    });
    expect(items[0]!.drift).toEqual([
      verdict('features', ['amount', 'country', 'hour']),
      verdict('predictions', ['label']),
    ]);
    expect(rest).toEqual({
      ...{ next_cursor: null, as_of_seq: 4, as_of_cut: { events: 4, traffic: 0, windows: 3 } },
      detectors: [
        {
          ...{ model: 'churn', version: '1.0.0', at: isoTime(150_000), seq: 3 },
          detectors: [{ detector: 'adwin', labels: 45, drifts: [30], warning: false }],
        },
      ],
    });
    const told = await quality(queries);
    expect(told.items[1]!.quality.columns[0]).toMatchObject({ column: 'amount', missing: 9, type_errors: 2, sd: 0.25 });
  });

  it('tell as many columns as are wanted, or one alone', async () => {
    const labels = verdict('labels', ['label', 'other']);
    const queries = await folded([windowClosed(1), measured(1, { label_drift: labels })]);
    const columnsOf = async (more: Partial<WindowsAt>) => {
      const [window] = (await drift(queries, more)).items;
      const [checked] = (await quality(queries, more)).items;
      return [...window!.drift, window!.label_drift!, checked!.quality].map((each) =>
        each.columns.map(({ column }) => column).join(),
      );
    };
    expect(await columnsOf({ columns: 1 })).toEqual(['amount', 'label', 'label', 'amount']);
    expect(await columnsOf({ column: 'country' })).toEqual(['country', '', '', 'country']);
    expect(await columnsOf({ column: '"; drop' })).toEqual(['', '', '', '']);
    expect(await columnsOf({})).toEqual(['amount,country,hour', 'label', 'label,other', 'amount,country,hour']);
  });

  it('are of the version and the span that are asked for', async () => {
    const other = { version: '1.1.0' };
    const queries = await folded([windowClosed(1), windowClosed(1, other), windowClosed(2), measured(1, other)]);
    const told = async (more: Partial<WindowsAt>) => (await drift(queries, more)).items.map(({ seq }) => seq);
    expect(await told({ version: '1.1.0' })).toEqual([2]);
    expect((await drift(queries, { version: '1.0.0' })).detectors).toEqual([]);
    expect((await drift(queries, {})).detectors).toMatchObject([{ version: '1.1.0', seq: 4 }]);
    // The last rows: 119 s and 179 s.
    expect(await told({ from: 119_000, to: 179_000 })).toEqual([2, 1]);
    expect(await told({ from: 119_001 })).toEqual([3]);
    expect(await told({ to: 119_000 })).toEqual([]);
    expect(await told({ deployment: 'other' })).toEqual([]);
    expect(await queries.quality(asked({ from: 5, to: 5 }))).toMatchObject({
      rejection: { code: 'invalid_request', errors: [{ path: 'query.from' }] },
    });
  });

  it('tell what labels said as often as they say something new, until it is final', async () => {
    const better = { metrics: { accuracy: { value: 0.75, low: 0.5, high: 1 } }, labels: 80 };
    const queries = await folded([
      ...[windowClosed(1), measured(1), windowClosed(2), measured(1, { ...better, final: true }), measured(1)],
    ]);
    expect(await skipped()).toBe(1);
    const accuracyAt = async (seconds: number) =>
      (await performanceAt(queries, { as_of: { at: 1_000 * seconds } })).windows[0]?.measured?.metrics['accuracy']
        ?.value;
    expect([await accuracyAt(1), await accuracyAt(2), await accuracyAt(4)]).toEqual([undefined, 0.5, 0.75]);
    const { windows: told, leftOut } = await performanceAt(queries);
    expect(told).toMatchObject([
      { window: 1, measured: { labels: 80, final: true, at: isoTime(150_000) }, estimated: { withdrawn: false } },
      { window: 2, measured: null, estimated: { metrics: { accuracy: { value: 0.875, alert: false } } } },
    ]);
    expect(leftOut).toBe(0);
    const newest = await performanceAt(queries, {}, { most: 1 });
    expect([newest.windows.map(({ window }) => window), newest.leftOut]).toEqual([[2], 1]);
    expect((await performanceAt(queries, {}, { from: 119_000, to: 179_000 })).windows).toHaveLength(1);
  });

  it('count and leave out what cannot be a record', async () => {
    const record = messageOf(windowClosed(1), 1);
    const headers = (more: Readonly<Record<string, string>>) => new Map([...record.headers, ...Object.entries(more)]);
    const bad: Partial<StreamMessage>[] = [
      { headers: headers({ [header.type]: 'WindowPainted' }) },
      { headers: headers({ [header.eventVersion]: '9' }) },
      { data: Buffer.from('{}') },
      { data: Buffer.from('{') },
      { subject: 'window.other' },
      {},
    ];
    const queries = await foldedMessages([record, ...bad.map((one, index) => ({ ...record, ...one, seq: index + 2 }))]);
    expect(await skipped()).toBe(bad.length);
    expect((await drift(queries)).items).toHaveLength(1);
  });

  it('go on where the page before ended, at the moment of the first page, while WINDOWS goes on', async () => {
    const records = Array.from({ length: 5 }, (_, index) => windowClosed(index + 1));
    const first = await drift(await folded(records), { limit: 2 });
    expect(first.items.map(({ window }) => window)).toEqual([5, 4]);
    const later = await folded([...records, windowClosed(6), measured(3)]);
    const second = await drift(later, { limit: 2, cursor: first.next_cursor! });
    expect(second.items.map(({ window }) => window)).toEqual([3, 2]);
    expect([second.as_of_cut, second.detectors]).toEqual([first.as_of_cut, []]);
    const last = await drift(later, { limit: 2, cursor: second.next_cursor! });
    expect([last.items.map(({ window }) => window), last.next_cursor]).toEqual([[1], null]);
    const wrong = { rejection: { code: 'invalid_cursor' } };
    expect(await later.quality(asked({ cursor: first.next_cursor! }))).toMatchObject(wrong);
    expect(await later.drift(asked({ cursor: first.next_cursor!, version: '1.0.0' }))).toMatchObject(wrong);
    expect(await later.drift(asked({ cursor: 'x' }))).toMatchObject(wrong);
    // By hand: behind the end of WINDOWS, to which no walk can have come.
    const [list, seq] = JSON.parse(Buffer.from(first.next_cursor!, 'base64url').toString()) as [string, number];
    const forged = Buffer.from(JSON.stringify([list, seq, '0 99999 99999'])).toString('base64url');
    expect(await later.drift(asked({ cursor: forged }))).toMatchObject(wrong);
  });
});

/** Windows and measurements of two versions in any order, repeated ones too. */
const record: fc.Arbitrary<WindowRecord> = fc
  .tuple(fc.constantFrom('1.0.0', '1.1.0'), fc.integer({ min: 1, max: 3 }), fc.boolean(), fc.nat(9), fc.nat(3))
  .map(([of, window, closes, labels, final]) =>
    closes
      ? windowClosed(window, { version: of })
      : measured(window, { version: of, labels, final: final === 0, detectors: [] }),
  );

/** The same by hand: windows in the order in which they closed, each with the labels that stand. */
function naive(records: readonly WindowRecord[]) {
  const closed: { of: string; window: number }[] = [];
  const labels = new Map<string, { labels: number; final: boolean }>();
  for (const { type, data } of records) {
    const key = `${data.version} ${data.window}`;
    if (type === 'PerformanceMeasured') {
      if (labels.get(key)?.final !== true) labels.set(key, { labels: data.labels, final: data.final });
    } else if (!closed.some(({ of, window }) => of === data.version && window === data.window))
      closed.push({ of: data.version, window: data.window });
  }
  return closed.map((each) => ({ ...each, labels: labels.get(`${each.of} ${each.window}`)?.labels ?? null }));
}

describe('the read model', () => {
  it('is the same wherever batches are cut, and equals a fold by hand at every past moment', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 12 }), sizes, sizes, async (log, some, others) => {
        const queries = await folded(log, some);
        for (let seq = 1; seq <= log.length; seq++) {
          const as_of = { at: 1_000 * seq };
          const byHand = naive(log.slice(0, seq));
          const { items } = await drift(queries, { as_of });
          const told = items.map(({ version: of, window }) => ({ of, window })).reverse();
          expect(told).toEqual(byHand.map(({ of, window }) => ({ of, window })));
          const ofFirst = byHand.filter(({ of }) => of === '1.0.0').sort((a, b) => a.window - b.window);
          const { windows: performance } = await performanceAt(queries, { as_of });
          expect(performance.map(({ window, measured }) => [window, measured?.labels ?? null])).toEqual(
            ofFirst.map(({ window, labels }) => [window, labels]),
          );
        }
        const cutOneWay = await digest(database, windows);
        await folded(log, others);
        expect(await digest(database, windows)).toEqual(cutOneWay);
      }),
      { numRuns: 8 },
    );
  });
});
