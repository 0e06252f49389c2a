import { describe, expect, it } from '@jest/globals';
import {
  decodeLabels,
  encodeChunk,
  encodeChunkSchema,
  encodePredictionId,
  epochCheck,
  eventSource,
  header,
  labelsRecorded,
  predictionsRecorded,
  subjects,
  type api,
  type ChunkSchema,
  type LabelRow,
} from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { until } from '#tests/support/wait.js';
import { eventually, type Answer, type ApiWorld } from './api-world.js';
import { expectRefused } from './refusals.js';
import { deployed, type Deployed } from './why-cases.js';

const epoch = '0199a1b2-0000-7000-8000-00000000f00d';
let counter = 0;

/** Rows as serving records them, of a classifier; the last one is refused, the one before failed. */
interface Recorded {
  readonly counter: number;
  readonly seq: number;
  readonly idOf: (row: number) => string;
}

type Outputs = Pick<ChunkSchema, 'outputs' | 'classes'>;
const classifier: Outputs = { outputs: [{ name: 'label', type: 'int64', width: 1, role: 'label' }] };
const regression: Outputs = { outputs: [{ name: 'y', type: 'float32', width: 1, role: 'value' }] };

const live = new Map<string, Promise<Deployed>>();

async function record(world: ApiWorld, deployment: string, served: number, outputs = classifier): Promise<Recorded> {
  if (!live.has(deployment)) live.set(deployment, deployed(world, deployment));
  const { liveSeq, rolloutId } = await live.get(deployment)!;
  const own = ++counter;
  const schema: ChunkSchema = {
    ...{ deployment, routing_seq: liveSeq, epoch, instance: 'serving-0', ...outputs },
    inputs: [{ name: 'X', type: 'float32', width: 1, features: ['x'] }],
    arms: [
      {
        ...{ role: 'live', model: deployment, version: '1.0.0', rollout_id: rolloutId },
        artifact: `sha256:${'a'.repeat(64)}`,
      },
    ],
  };
  const rows = served + 2;
  const column =
    outputs === classifier
      ? BigInt64Array.from({ length: served }, (_, row) => BigInt(row % 3))
      : Float32Array.from({ length: served }, (_, row) => row / 2);
  const { seq } = await world.traffic.publish({
    subject: subjects.predictions(deployment),
    headers: {
      [header.type]: predictionsRecorded.type,
      [header.eventVersion]: String(predictionsRecorded.version),
      [header.source]: eventSource,
      [header.specVersion]: '1.0',
    },
    data: encodeChunk(schema, encodeChunkSchema(schema), {
      ...{ counter: own, givenUp: [], beganAt: Date.parse('2026-11-01T00:00:00Z'), served, failed: 1, refused: 1 },
      arm: new Uint8Array(rows),
      latencyUs: new Uint32Array(rows),
      beganOffsetUs: Uint32Array.from({ length: rows }, (_, row) => 1000 * row),
      codes: ['model_failed', 'missing_feature'],
      details: ['', ''],
      inputs: [new Float32Array(served + 1)],
      outputs: [column],
    }),
    messageId: `${epoch}-${own}`,
  });
  return { counter: own, seq, idOf: (row) => encodePredictionId({ seq, row, check: epochCheck(epoch) }) };
}

/** Every label in the log of a deployment, in order. */
async function labelsOf(world: ApiWorld, deployment: string): Promise<(LabelRow & { message: StreamMessage })[]> {
  const messages = await world.traffic.readSubject(subjects.labels(deployment), 1, 'leader');
  return messages.flatMap((message) => decodeLabels(message.data).rows.map((row) => ({ ...row, message })));
}

export function feedbackCases(world: () => ApiWorld): void {
  const say = (body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    world().post('/api/feedback', body, headers);
  const whyOf = (id: string): Promise<api.Why['labels']> =>
    world()
      .get(`/api/why/${id}`)
      .then(({ body }) => (body as unknown as api.Why).labels);
  const refused = (body: object, path: string, says?: RegExp): Promise<Answer> =>
    expectRefused(world(), () => say(body), {
      ...{ status: 422, code: 'invalid_request', path },
      ...(says === undefined ? {} : { says }),
    });

  describe('feedback', () => {
    it('records what was observed, with what the prediction was', async () => {
      const { idOf, counter, seq } = await record(world(), 'single feedback', 3);
      const head = await world().head();
      const answer = await say(
        { prediction_id: idOf(2), label: 1, observed_at: '2026-11-02T12:00:00+02:00' },
        { 'x-request-id': 'r-7' },
      );
      expect([answer.status, answer.body]).toEqual([200, { accepted: 1, unknown: [] }]);
      const [label, ...others] = await labelsOf(world(), 'single feedback');
      expect(others).toEqual([]);
      const { message, ...row } = label!;
      expect(row).toEqual({
        ...{
          prediction_id: idOf(2),
          traffic_seq: seq,
          epoch,
          counter,
          row: 2,
          model: 'single feedback',
          version: '1.0.0',
        },
        ...{ label: 1, predicted: { label: 2 }, predicted_at: '2026-11-01T00:00:00.002Z' },
        observed_at: '2026-11-02T10:00:00.000Z',
      });
      expect(decodeLabels(message.data)).toMatchObject({ deployment: 'single feedback', events_seq: head });
      expect(Object.fromEntries(message.headers)).toMatchObject({
        ...{ [header.type]: labelsRecorded.type, [header.source]: eventSource, [header.actor]: 'local' },
        [header.correlationId]: 'r-7',
        [header.id]: message.headers.get(header.messageId),
      });
    });

    it('takes ten thousand at once, over several chunks and deployments', async () => {
      const chunks = [
        ...(await Promise.all([1, 2, 3].map(() => record(world(), 'bulk', 2_500)))),
        await record(world(), 'bulk regression', 2_500, regression),
      ];
      const items = chunks.flatMap(({ idOf }, at) =>
        Array.from({ length: 2_500 }, (_, row) => ({
          prediction_id: idOf(row),
          label: at === 3 ? row + 0.5 : row % 2,
        })),
      );
      const answer = await say({ items });
      expect([answer.status, answer.body]).toEqual([200, { accepted: 10_000, unknown: [] }]);
      const stored = [...(await labelsOf(world(), 'bulk')), ...(await labelsOf(world(), 'bulk regression'))];
      expect(stored.map(({ prediction_id, label }) => ({ prediction_id, label }))).toEqual(items);
      expect(stored.map(({ predicted }) => predicted)).toEqual(
        stored.map(({ row, counter }) => (counter === chunks[3]!.counter ? { value: row / 2 } : { label: row % 3 })),
      );
      expect(new Set(stored.map(({ message }) => message.seq)).size).toBeLessThan(20);
      expect(Math.max(...stored.map(({ message }) => message.data.length))).toBeLessThanOrEqual(512 * 1024);
    });

    it('names ids that nothing is recorded under, and takes the others', async () => {
      const { idOf, seq } = await record(world(), 'partly unknown', 2);
      const check = epochCheck(epoch);
      const strangers = [
        idOf(4),
        encodePredictionId({ seq, row: 0, check: (check ^ 1) >>> 0 }),
        encodePredictionId({ seq: seq + 100_000, row: 0, check }),
        `u.${epoch}.123456.0`,
        'nonsense',
      ];
      const ids = [strangers[0]!, idOf(0), ...strangers.slice(1), idOf(1)];
      const answer = await say({ items: ids.map((prediction_id) => ({ prediction_id, label: 1 })) });
      expect([answer.status, answer.body]).toEqual([200, { accepted: 2, unknown: strangers }]);
      const alone = await say({ prediction_id: 'nonsense', label: 'anything' });
      expect([alone.status, alone.body]).toEqual([200, { accepted: 0, unknown: ['nonsense'] }]);
      // A message of labels is no chunk, whatever row an id names in it.
      const [label] = await labelsOf(world(), 'partly unknown');
      const odd = encodePredictionId({ seq: label!.message.seq, row: 0, check });
      expect((await say({ prediction_id: odd, label: 1 })).body).toEqual({ accepted: 0, unknown: [odd] });
    });

    it('lets the newest moment count, whatever the order, and why tells of each', async () => {
      const { idOf } = await record(world(), 'corrected', 1);
      const observed = async (label: number, observed_at: string): Promise<void> => {
        expect((await say({ prediction_id: idOf(0), label, observed_at })).body).toMatchObject({ accepted: 1 });
      };
      await observed(1, '2026-11-05T00:00:00Z');
      await observed(2, '2026-11-07T00:00:00Z');
      await observed(0, '2026-11-06T00:00:00Z');
      const { body } = await eventually(
        'three labels in the read model',
        () => world().get(`/api/why/${idOf(0)}`),
        (answer) => (answer.body as unknown as api.Why).labels.length === 3,
      );
      const { labels } = body as unknown as api.Why;
      expect(labels.map(({ label, counts }) => [label, counts])).toEqual([
        [2, true],
        [0, false],
        [1, false],
      ]);
      const [first] = await labelsOf(world(), 'corrected');
      expect(labels[2]).toMatchObject({
        ...{ observed_at: '2026-11-05T00:00:00.000Z', event_id: first!.message.headers.get(header.id) },
        recorded_at: new Date(first!.message.time).toISOString(),
      });
    });

    it('stores a repeat once', async () => {
      const { idOf } = await record(world(), 'said-again', 2);
      const once = { prediction_id: idOf(0), label: 1, observed_at: '2026-11-05T00:00:00Z' };
      const key = { 'idempotency-key': 'k1' };
      const keyed = { items: [{ prediction_id: idOf(1), label: 1 }] };
      for (const [body, headers] of [
        [once, {}],
        [{ items: [once] }, {}],
        [keyed, key],
        [keyed, key],
      ] as const)
        expect((await say(body, headers)).body).toEqual({ accepted: 1, unknown: [] });
      expect(await labelsOf(world(), 'said-again')).toHaveLength(2);
      await expectRefused(world(), () => say({ items: [{ prediction_id: idOf(1), label: 2 }] }, key), {
        ...{ status: 409, code: 'idempotency_conflict', path: 'header Idempotency-Key' },
      });
      // Where the server has forgotten the id, the read model knows what the key has left.
      await until(async () => (await whyOf(idOf(1))).length === 1, { what: 'the label in the read model' });
      const other = {
        items: [
          { prediction_id: idOf(1), label: 2 },
          { prediction_id: idOf(0), label: 1 },
        ],
      };
      await expectRefused(world(), () => say(other, key), { status: 409, code: 'idempotency_conflict' });
      expect((await say(keyed, key)).body).toEqual({ accepted: 1, unknown: [] });
      expect(await labelsOf(world(), 'said-again')).toHaveLength(2);
      // The present is another one each time: a label taken back and given again is no repeat.
      for (const label of [1, 2, 1]) await say({ prediction_id: idOf(0), label });
      expect((await labelsOf(world(), 'said-again')).slice(2).map(({ label }) => label)).toEqual([1, 2, 1]);
    });

    it('stores nothing where one label cannot be', async () => {
      const { idOf } = await record(world(), 'ill typed', 2);
      const numbers = await record(world(), 'ill typed regression', 1, regression);
      const good = { prediction_id: idOf(0), label: 1 };
      await refused({ items: [good, { prediction_id: idOf(1), label: 'cat' }] }, 'items.1.label', /classes .* numbers/);
      await refused({ prediction_id: idOf(0), label: 1.5 }, 'label');
      await refused({ prediction_id: numbers.idOf(0), label: true }, 'label', /expected a number/);
      await refused({ items: [good, { prediction_id: idOf(3), label: 1 }] }, 'items.1.prediction_id', /was refused/);
      await refused({ prediction_id: idOf(2), label: 1 }, 'prediction_id', /failed \(model_failed\)/);
      const ahead = new Date(Date.now() + 6 * 60_000).toISOString();
      await refused({ items: [good, { ...good, observed_at: ahead }] }, 'items.1.observed_at', /has come/);
      await refused({ items: [] }, 'items');
      await refused({ items: [good], label: 1 }, 'label', /unknown/);
      await refused({ prediction_id: idOf(0) }, 'label');
      await refused({ items: [good, { ...good, when: 'now' }] }, 'items.1.when', /unknown/);
      await refused({ items: new Array(10_001).fill(good) }, 'items');
      expect(await labelsOf(world(), 'ill typed')).toEqual([]);
      expect(await labelsOf(world(), 'ill typed regression')).toEqual([]);
    });

    it('finds predictions that were answered before they were stored, once they are', async () => {
      // Deployed before: only its next chunk is awaited then.
      await record(world(), 'unacknowledged feedback', 1);
      const next = counter + 1;
      const early = await say({ prediction_id: `u.${epoch}.${next}.1`, label: 1 });
      expect(early.body).toEqual({ accepted: 0, unknown: [`u.${epoch}.${next}.1`] });
      const { idOf } = await record(world(), 'unacknowledged feedback', 2);
      const ids = [0, 1].map((row) => ({ prediction_id: `u.${epoch}.${next}.${row}`, label: row }));
      await until(async () => (await say({ items: ids })).body.accepted === 2, { what: 'the chunk in the read model' });
      const [label] = (await labelsOf(world(), 'unacknowledged feedback')).slice(-1);
      expect(label).toMatchObject({ epoch, counter: next, row: 1, predicted: { label: 1 } });
      // By either id it is the same prediction.
      await until(async () => (await whyOf(idOf(1))).length > 0, { what: 'the label in the read model' });
      expect((await whyOf(idOf(1)))[0]).toMatchObject({ label: 1, counts: true });
    });

    it('is whole after a repeat where the log went away in between', async () => {
      const chunks = await Promise.all([1, 2].map(() => record(world(), 'interrupted', 2_500)));
      const items = chunks.flatMap(({ idOf }) =>
        Array.from({ length: 2_500 }, (_, row) => ({ prediction_id: idOf(row), label: row % 3 })),
      );
      const headers = { 'idempotency-key': 'interrupted' };
      const first = say({ items }, headers);
      await until(async () => (await labelsOf(world(), 'interrupted')).length > 0, {
        ...{ what: 'the first message of labels', everyMs: 1 },
      });
      await world().nats.kill();
      await world().nats.restart();
      const { status } = await first;
      expect([200, 503]).toContain(status);
      const last = await until(
        async () => {
          const answer = await say({ items }, headers);
          return answer.status === 200 ? answer : undefined;
        },
        { what: 'the repeat to be answered' },
      );
      expect(last.body).toEqual({ accepted: 5_000, unknown: [] });
      const stored = await labelsOf(world(), 'interrupted');
      expect(new Set(stored.map(({ prediction_id }) => prediction_id)).size).toBe(5_000);
      expect(stored).toHaveLength(5_000);
    });

    it('takes bodies of 16 MiB, announced or not, and no larger ones', async () => {
      const pad = (bytes: number): string => JSON.stringify({ items: [], label: 'x'.repeat(bytes) });
      const send = (body: string | ReadableStream): Promise<Answer> =>
        world().request('POST', '/api/feedback', {
          ...{ body, headers: { 'content-type': 'application/json' } },
          ...(typeof body === 'string' ? {} : { duplex: 'half' }),
        });
      expect((await send(pad(15 * 2 ** 20))).status).toBe(422);
      expect((await send(new Blob([pad(15 * 2 ** 20)]).stream())).status).toBe(422);
      expect((await send(pad(16 * 2 ** 20))).status).toBe(413);
    });
  });
}
