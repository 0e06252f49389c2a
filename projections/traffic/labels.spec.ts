import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { header, type LabelsRecorded } from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { digest, openDatabase, ProjectionReader, type Database, type ReadAt } from '#libs/projecting/index.js';
import { ArraySource } from '#libs/projecting/testing/array-source.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { ledger, ledgerSource } from '#libs/projecting/testing/ledger.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { traffic } from './apply.js';
import { LabelQueries, type LabelPlace } from './labels-queries.js';

let handle: DatabaseHandle;
let database: Database;
const events = ledgerSource();

beforeAll(async () => {
  handle = await createDatabase('labels');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
  // EVENTS as a whole: one every second.
  events.append(
    ...[1, 2, 3, 4].map((seq) => ({ seq, storedAt: 1_000 * seq, kind: 'change' as const, account: 'a', by: 1 })),
  );
  await foldAnew(database, ledger, events, events.messages);
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});

type Label = readonly [counter: number, row: number, observedAt: string];

const day = (number: number): string => `2026-11-${String(number).padStart(2, '0')}T00:00:00.000Z`;

function labels(seq: number, eventId: string, given: readonly Label[], changed: object = {}): StreamMessage {
  const body: LabelsRecorded = {
    ...{ deployment: 'churn', events_seq: 1 },
    rows: given.map(([counter, row, observed_at]) => ({
      ...{ prediction_id: `p${counter}.${row}`, epoch: 'e1', counter, row, model: 'm', version: '1.0.0' },
      ...{ predicted_at: day(1), observed_at, predicted: { label: 1 }, label: 1 },
    })),
    ...changed,
  };
  const headers = new Map([
    [header.type, 'LabelsRecorded'],
    [header.id, eventId],
    [header.commandId, `command of ${eventId}`],
    [header.commandDigest, 'sha256:d'],
  ]);
  const data = new TextEncoder().encode(JSON.stringify(body));
  return { seq, time: 1_000 * seq, subject: 'label.churn', headers, data };
}

const positionOf = ({ seq, time }: StreamMessage) => ({ seq, storedAt: time });

async function folded(messages: readonly StreamMessage[]): Promise<LabelQueries> {
  await foldAnew(database, traffic, { positionOf }, messages, { sizes: [1, 2] });
  const source = new ArraySource<StreamMessage>('TRAFFIC', positionOf);
  source.append(...messages);
  const common = { database, clock: systemClock, waitMs: 50 };
  return new LabelQueries({
    traffic: new ProjectionReader({ ...common, projection: traffic, head: () => source.head() }),
    events: new ProjectionReader({ ...common, projection: ledger, head: () => events.head() }),
  });
}

async function places(queries: LabelQueries, counter: number, row: number, at: ReadAt = {}, limit = 100) {
  const found = await queries.ofPrediction({ epoch: 'e1', counter, row }, at, limit);
  if (!found.ok) throw new Error(found.rejection.detail);
  return found.value.map(({ traffic_seq, event_id }: LabelPlace) => [traffic_seq, event_id]);
}

describe('labels', () => {
  it('are found by the prediction, those first that count most', async () => {
    const queries = await folded([
      labels(1, 'a', [
        [1, 0, day(5)],
        [1, 1, day(5)],
        [2, 0, day(5)],
      ]),
      labels(2, 'b', [
        [1, 0, day(9)],
        [1, 0, day(2)],
      ]),
      labels(3, 'c', [[1, 0, day(3)]]),
      labels(4, 'd', [[1, 0, day(9)]]),
    ]);
    expect(await places(queries, 1, 0)).toEqual([
      [4, 'd'],
      [2, 'b'],
      [1, 'a'],
      [3, 'c'],
    ]);
    expect(await places(queries, 1, 0, {}, 2)).toEqual([
      [4, 'd'],
      [2, 'b'],
    ]);
    expect(await places(queries, 1, 1)).toEqual([[1, 'a']]);
    expect(await places(queries, 2, 0)).toEqual([[1, 'a']]);
    expect(await places(queries, 3, 0)).toEqual([]);
  });

  it('of a message that was stored twice are one', async () => {
    const queries = await folded([labels(1, 'a', [[1, 0, day(5)]]), labels(2, 'a', [[1, 0, day(5)]])]);
    expect(await places(queries, 1, 0)).toEqual([[1, 'a']]);
  });

  it('are cut at the time of the position in EVENTS', async () => {
    const queries = await folded([labels(1, 'a', [[1, 0, day(5)]]), labels(3, 'b', [[1, 0, day(6)]])]);
    expect(await places(queries, 1, 0, { as_of: { seq: 2 } })).toEqual([[1, 'a']]);
    expect(await places(queries, 1, 0, { as_of: { at: 2_999 } })).toEqual([[1, 'a']]);
    expect(await places(queries, 1, 0, { as_of: { seq: 3 } })).toEqual([
      [3, 'b'],
      [1, 'a'],
    ]);
  });

  it('tell which messages a request has left', async () => {
    const b = labels(2, 'b', [[1, 0, day(5)]]);
    const queries = await folded([labels(1, 'a', [[1, 0, day(5)]]), b, { ...b, seq: 3, time: 3_000 }]);
    expect(await queries.ofCommand('command of b', 3)).toEqual({
      ok: true,
      value: [{ traffic_seq: 2, event_id: 'b', command_digest: 'sha256:d' }],
    });
    expect(await queries.ofCommand('another', 0)).toEqual({ ok: true, value: [] });
  });

  it('are not said to be all while some before the asked sequence are not folded', async () => {
    const queries = await folded([labels(1, 'a', [[1, 0, day(5)]])]);
    expect(await queries.ofCommand('command of a', 2)).toMatchObject({ rejection: { code: 'not_caught_up' } });
  });

  it('that nobody can read are counted, ticks are not', async () => {
    const good = labels(1, 'a', [[1, 0, day(5)]]);
    await folded([
      good,
      { ...good, seq: 2, headers: new Map([[header.type, 'LabelsSmelled']]) },
      { ...good, seq: 3, headers: new Map([[header.type, 'LabelsRecorded']]) },
      labels(4, 'b', [[1, 0, 'some day']]),
      labels(5, 'c', [[1, 0, day(5)]], { deployment: '' }),
      { ...good, seq: 6, subject: 'tick.churn' },
    ]);
    expect(await digest(database, traffic)).toMatchObject({ position: 6, skipped: 4 });
    const { rows } = await database.query('select traffic_seq, deployment, labels from traffic.label_messages');
    expect(rows).toEqual([{ traffic_seq: 1, deployment: 'churn', labels: 1 }]);
  });
});
