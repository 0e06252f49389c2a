import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { api, type GovernanceEvent, type MonitoringEvent } from '#libs/contracts/index.js';
import { conditionsOf } from '#libs/domain/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { digest, openDatabase, ProjectionReader, type Database } from '#libs/projecting/index.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { positionOfRecord, recordedEvent, unknownRecord, uuidOf } from '#libs/projecting/testing/recorded-events.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { findings } from './apply.js';
import { FindingQueries, type FindingsAt } from './queries.js';
import * as events from './testing/events.js';

let handle: DatabaseHandle;
let database: Database;
beforeAll(async () => {
  handle = await createDatabase('findings');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});

const fold = (log: readonly GovernanceEvent[], options = {}): Promise<void> =>
  foldAnew(
    database,
    findings,
    { positionOf: positionOfRecord },
    log.map((event, index) => recordedEvent(index + 1, event)),
    options,
  );
const queries = (lastSeq: number): FindingQueries =>
  new FindingQueries(
    new ProjectionReader({
      ...{ database, projection: findings, clock: systemClock, waitMs: 50 },
      head: () => Promise.resolve({ firstSeq: 1, lastSeq, lastTime: 1_000 * lastSeq }),
    }),
  );
const [a, b, c] = [uuidOf(901), uuidOf(902), uuidOf(903)];

async function listed(seq: number, asked: Partial<FindingsAt> = {}): Promise<api.FindingList> {
  const found = await queries(seq).list({ limit: 50, as_of: { seq }, ...asked });
  if (!found.ok) throw new Error(found.rejection.detail);
  expect(api.findingList.parse(found.value)).toEqual(found.value);
  return found.value;
}
const ids = ({ items }: api.FindingList): string[] => items.map(({ finding_id }) => finding_id);
const skipped = async (): Promise<number | undefined> => (await digest(database, findings))?.skipped;

describe('findings', () => {
  it('are open from their raising to their clearing, at every moment', async () => {
    await fold([
      events.driftDetected(a, { window: 3, at: 10_000 }, [0.125, 0.5]),
      events.driftCleared(a, { window: 5, at: 20_000, last: { seq: 30, row: 1 } }),
    ]);
    const raised = { seq: 1, event_id: uuidOf(1), window: 3, at: '1970-01-01T00:00:10.000Z' };
    const [then] = (await listed(1)).items;
    expect(then).toMatchObject({
      finding_id: a,
      condition: 'data_drift/features',
      state: 'open',
      cleared: null,
      raised,
    });
    expect(then!.details).toMatchObject({
      ...{ kind: 'data_drift', scope: 'features', drifted: 2, compared: 30 },
      columns: [
        { column: 'c1', effect: 0.5 },
        { column: 'c0', effect: 0.125 },
      ],
    });
    const [now] = (await listed(2)).items;
    const cleared = {
      seq: 2,
      event_id: uuidOf(2),
      window: 5,
      at: '1970-01-01T00:00:20.000Z',
      last: { seq: 30, row: 1 },
    };
    expect(now).toMatchObject({ state: 'cleared', raised, cleared });
    expect([(await listed(1)).open, (await listed(2)).open]).toEqual([1, 0]);
  });

  it('tell at most twenty columns, those with the largest effects, and how many there are', async () => {
    await fold([
      events.driftDetected(
        a,
        {},
        Array.from({ length: 200 }, (_, index) => index / 200),
      ),
    ]);
    const { details } = (await listed(1)).items[0]!;
    if (details.kind !== 'data_drift') throw new Error(details.kind);
    expect([details.drifted, details.columns.length, details.columns[0]!.column]).toEqual([200, 20, 'c199']);
  });

  it('are one for each issue of an event, cleared one by one', async () => {
    const [x, y] = [events.issue(a, 'x'), events.issue(b, null)];
    await fold([events.qualityFound([x, y]), events.qualityCleared([y]), events.conceptDrift(c)]);
    expect(ids(await listed(3))).toEqual([c, b, a]);
    expect(ids(await listed(3, { state: 'open' }))).toEqual([c, a]);
    expect(ids(await listed(3, { state: 'cleared' }))).toEqual([b]);
    expect((await listed(3, { state: 'cleared' })).open).toBe(2);
    expect((await listed(3)).items.map(({ details }) => details)).toMatchObject([
      { kind: 'concept_drift', detector: 'adwin', labels: 1500 },
      { kind: 'quality', check: 'missing', column: null, value: 0.5 },
      { kind: 'quality', check: 'missing', column: 'x' },
    ]);
  });

  it('count and leave out what the monitor’s own rules would never give', async () => {
    await foldAnew(database, findings, { positionOf: positionOfRecord }, [
      recordedEvent(1, events.driftCleared(a)),
      recordedEvent(2, events.driftDetected(a)),
      recordedEvent(3, events.driftDetected(a)),
      recordedEvent(4, events.driftCleared(a, { version: '2.0.0' })),
      recordedEvent(5, events.driftCleared(a)),
      recordedEvent(6, events.driftCleared(a)),
      unknownRecord(7),
      recordedEvent(8, { type: 'ConfigurationApplied', data: { digest: `sha256:${'0'.repeat(64)}`, content: {} } }),
    ]);
    expect(await skipped()).toBe(5);
    expect((await listed(8)).items).toMatchObject([{ finding_id: a, raised: { seq: 2 }, cleared: { seq: 5 } }]);
  });

  it('go on where the page before ended, at the moment of the first page', async () => {
    const log = Array.from({ length: 7 }, (_, index) => events.degraded(uuidOf(800 + index)));
    await fold(log);
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const asked = { limit: 3, cursor: cursor ?? undefined, deployment: 'churn' };
      const page = await queries(7).list(asked);
      if (!page.ok) throw new Error(page.rejection.detail);
      seen.push(...ids(page.value));
      ({ next_cursor: cursor } = page.value);
      if (cursor !== null)
        expect(await queries(7).list({ ...asked, cursor, state: 'open' })).toMatchObject(wrongCursor);
    } while (cursor !== null);
    expect(seen).toEqual(log.flatMap((event) => conditionsOf(event).map(({ finding_id }) => finding_id)).reverse());
    expect(await queries(7).list({ limit: 3, cursor: 'abc' })).toMatchObject(wrongCursor);
  });
});
const wrongCursor = { rejection: { code: 'invalid_cursor' } };

describe('findings that were open when a prediction was made', () => {
  const of = { deployment: 'churn', model: 'churn', version: '1.0.0' };
  const openWhen = async (seq: number, row: number, time: number, asOf: number): Promise<string[]> => {
    const found = await queries(9).openWhen({ ...of, position: { seq, row }, time }, { as_of: { seq: asOf } });
    if (!found.ok) throw new Error(found.rejection.detail);
    return found.value.map(({ finding_id }) => finding_id);
  };

  it('are told by the traffic that they rest on, as it is known then', async () => {
    await fold([
      // Found in rows up to 10/5, by the message at 12 s; over with rows up to 20/5, at 22 s.
      events.driftDetected(a, { at: 12_000, last: { seq: 10, row: 5 } }),
      events.degraded(b, { at: 12_000, last: { seq: 10, row: 5 }, version: '1.1.0' }),
      events.degraded(c, { at: 12_000, last: { seq: 10, row: 5 }, deployment: 'other' }),
      events.driftCleared(a, { at: 22_000, last: { seq: 20, row: 5 } }),
    ]);
    expect(await openWhen(9, 0, 11_000, 4)).toEqual([]);
    // One of the rows that it was found in was not made while it was open, though its message came at that time.
    expect(await openWhen(10, 5, 12_000, 4)).toEqual([]);
    expect(await openWhen(10, 6, 12_000, 4)).toEqual([a]);
    expect(await openWhen(15, 0, 15_000, 4)).toEqual([a]);
    expect(await openWhen(20, 5, 22_000, 4)).toEqual([a]);
    expect(await openWhen(20, 6, 22_000, 4)).toEqual([]);
    // Before the clearing was recorded, it was not known.
    expect(await openWhen(30, 0, 30_000, 3)).toEqual([a]);
  });
});

/** Any order of raising and clearing, with what contradicts it. */
const step: fc.Arbitrary<MonitoringEvent> = fc
  .tuple(fc.constantFrom(a, b, c), fc.constantFrom('churn', 'fraud'), fc.integer({ min: 0, max: 5 }))
  .map(([id, deployment, kind]) => {
    const place = { deployment };
    const make = [
      ...[() => events.driftDetected(id, place), () => events.driftCleared(id, place)],
      ...[() => events.degraded(id, place), () => events.conceptDrift(id, place)],
      () => events.qualityFound([events.issue(id, 'x')], place),
      () => events.qualityCleared([events.issue(id, 'x')], place),
    ];
    return make[kind]!();
  });

/** The same by hand: which findings there are after a log, in the order of their raising, and which are open. */
function naive(log: readonly MonitoringEvent[]): { readonly id: string; readonly open: boolean }[] {
  const known: { id: string; of: string; open: boolean }[] = [];
  for (const event of log)
    for (const { finding_id: id, condition } of conditionsOf(event)) {
      const of = `${event.data.deployment} ${condition}`;
      const found = known.find((each) => each.id === id);
      if (/Cleared$/.test(event.type)) {
        if (found?.of === of) found.open = false;
      } else if (found === undefined) known.push({ id, of, open: true });
    }
  return known.map(({ id, open }) => ({ id, open }));
}

describe('the read model', () => {
  it('is the same wherever batches are cut, and equals a fold by hand at every past sequence', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), sizes, sizes, async (log, some, others) => {
        await fold(log, { sizes: some });
        for (let seq = 1; seq <= log.length; seq++) {
          const { items, open } = await listed(seq);
          const told = items.map(({ finding_id: id, state }) => ({ id, open: state === 'open' })).reverse();
          const byHand = naive(log.slice(0, seq));
          expect(told).toEqual(byHand);
          expect(open).toBe(byHand.filter((each) => each.open).length);
        }
        const cutOneWay = await digest(database, findings);
        await fold(log, { sizes: others });
        expect(await digest(database, findings)).toEqual(cutOneWay);
      }),
      { numRuns: 8 },
    );
  });
});
