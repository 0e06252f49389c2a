import { describe, expect, it } from '@jest/globals';
import {
  encodeChunk,
  encodeChunkSchema,
  encodeTick,
  header,
  subjects,
  type ChunkSchema,
  type LabelsRecorded,
} from '#libs/contracts/index.js';
import type { RecordedEvent, GovernanceEvent } from '#libs/contracts/index.js';
import { MemoryStream } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { RouteHistory } from './routes.js';
import { verifyTraffic, type TrafficProblem, type TrafficSummary } from './verify-traffic.js';

const rollouts = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const;

/** Event 1: the first rollout is live; 2: the second; 3: retired. */
function routes(): RouteHistory {
  const history = new RouteHistory();
  const live = (rollout_id: string): GovernanceEvent => ({
    type: 'DeploymentWentLive',
    data: { deployment: 'd', rollout_id, model: 'm', version: '1.0.0', instances: [{ instance: 's', load_ms: 1 }] },
  });
  const facts = [
    live(rollouts[0]),
    live(rollouts[1]),
    { type: 'DeploymentRetired', data: { deployment: 'd', reason: 'r' } } satisfies GovernanceEvent,
  ];
  for (const [index, event] of facts.entries())
    history.add({ seq: index + 1, event } as unknown as RecordedEvent<GovernanceEvent>);
  return history;
}

interface ChunkOptions {
  readonly counter: number;
  readonly routingSeq?: number;
  readonly rolloutId?: string;
  readonly latency?: number;
  readonly subject?: string;
}

interface Message {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

function message({ counter, routingSeq = 1, rolloutId = rollouts[0], latency = 5, subject }: ChunkOptions): Message {
  const schema: ChunkSchema = {
    ...{ deployment: 'd', routing_seq: routingSeq, epoch: 'e', instance: 's', inputs: [], outputs: [] },
    arms: [{ role: 'live', model: 'm', version: '1.0.0', rollout_id: rolloutId, artifact: 'a' }],
  };
  const rows = {
    ...{ counter, givenUp: [], beganAt: 0, served: 2, failed: 0, refused: 0, codes: [], details: [] },
    ...{ inputs: [], outputs: [], arm: new Uint8Array(2), beganOffsetUs: new Uint32Array(2) },
    latencyUs: Uint32Array.from([latency, latency]),
  };
  return {
    subject: subject ?? subjects.predictions('d'),
    headers: { [header.type]: 'PredictionsRecorded' },
    data: encodeChunk(schema, encodeChunkSchema(schema), rows),
  };
}

function labels(counters: readonly number[], subject = subjects.labels('d'), row = 0): Message {
  const body: LabelsRecorded = {
    ...{ deployment: 'd', events_seq: 1 },
    rows: counters.map((counter) => ({
      ...{ prediction_id: `p${counter}`, epoch: 'e', counter, row, model: 'm', version: '1.0.0', label: 1 },
      ...{ predicted_at: '2026-01-01T00:00:00.000Z', observed_at: '2026-01-02T00:00:00.000Z', predicted: { label: 1 } },
    })),
  };
  const data = new TextEncoder().encode(JSON.stringify(body));
  return { subject, headers: { [header.type]: 'LabelsRecorded' }, data };
}

async function verified(messages: readonly Message[]) {
  const store = new MemoryStream({ name: 'TRAFFIC', clock: systemClock });
  for (const each of messages) await store.publish(each);
  const { lastSeq } = await store.head();
  const options = { signal: new AbortController().signal, onProgress: () => undefined };
  const generator = verifyTraffic(store, lastSeq, routes(), options);
  const problems: TrafficProblem[] = [];
  for (;;) {
    const { value, done } = await generator.next();
    if (done === true)
      return { problems: problems.map(({ code, seq }) => [code, seq]), summary: value satisfies TrafficSummary };
    problems.push(value);
  }
}

describe('verifyTraffic', () => {
  it('finds nothing wrong with what serving records, stored twice or not', async () => {
    const { problems, summary } = await verified([
      message({ counter: 1 }),
      message({ counter: 2, routingSeq: 2, rolloutId: rollouts[1] }),
      message({ counter: 1 }),
    ]);
    expect(problems).toEqual([]);
    expect(summary).toEqual({ lastSeq: 3, chunks: 3, rows: 4, labels: 0, ticks: 0, repeated: 1, problems: 0 });
  });

  it('knows labels, and names those that are of nothing recorded before them', async () => {
    const { problems, summary } = await verified([
      message({ counter: 1 }),
      labels([1, 1]),
      labels([1, 2]),
      message({ counter: 2 }),
      labels([2], 'label.other'),
      { ...labels([1]), data: new TextEncoder().encode('{"deployment":"d","events_seq":1,"rows":[]}') },
      labels([1], subjects.labels('d'), 1),
      labels([1], subjects.labels('d'), 2),
    ]);
    expect(problems).toEqual([
      ['unknown_prediction', 3],
      ['wrong_subject', 5],
      ['undecodable_labels', 6],
      ['unknown_prediction', 8],
    ]);
    expect(summary).toMatchObject({ chunks: 2, labels: 7, problems: 4 });
  });

  it('knows ticks, and names those that are none, or of another deployment', async () => {
    const tick = (events_seq: number): Message => {
      const { subject, headers, data } = encodeTick({ deployment: 'd', at: '2026-11-23T10:00:00Z', events_seq }, 'w');
      return { subject, headers, data };
    };
    const { problems, summary } = await verified([
      tick(3),
      { ...tick(1), subject: subjects.ticks('other') },
      { ...tick(1), data: new TextEncoder().encode('{"deployment":"d"}') },
      tick(4),
      { ...labels([]), data: new TextEncoder().encode('{"deployment":"d","events_seq":9,"rows":[]}') },
    ]);
    expect(problems).toEqual([
      ['wrong_subject', 2],
      ['undecodable_tick', 3],
      ['unknown_events_seq', 4],
      ['undecodable_labels', 5],
    ]);
    expect(summary).toMatchObject({ ticks: 3, problems: 4 });
  });

  it('takes a rollback for the turn of traffic that it is', () => {
    const history = routes();
    const place = (rollout_id: string) => ({ rollout_id, model: 'm', version: '1.0.0' });
    const event: GovernanceEvent = {
      type: 'DeploymentRolledBack',
      data: {
        ...{ deployment: 'd', from: place(rollouts[1]), to: place(rollouts[0]), aborted: null, reason: 'r' },
      },
    };
    history.add({ seq: 4, event } as unknown as RecordedEvent<GovernanceEvent>);
    expect([1, 2, 3, 4, 5].map((seq) => history.rolloutAt('d', seq))).toEqual([
      ...[rollouts[0], rollouts[1], null, rollouts[0], undefined],
    ]);
  });

  it('names every broken promise once', async () => {
    const garbage = { ...message({ counter: 9 }), data: new TextEncoder().encode('no chunk at all') };
    const { problems, summary } = await verified([
      message({ counter: 1 }),
      message({ counter: 1, latency: 6 }),
      message({ counter: 2, routingSeq: 2 }),
      message({ counter: 3, routingSeq: 3 }),
      message({ counter: 4, routingSeq: 4 }),
      message({ counter: 5, subject: 'pred.other' }),
      garbage,
      { ...message({ counter: 6 }), headers: { [header.type]: 'PredictionsSmelled' } },
    ]);
    expect(problems).toEqual([
      ['identity_reused', 2],
      ['wrong_route', 3],
      ['wrong_route', 4],
      ['unknown_routing_seq', 5],
      ['wrong_subject', 6],
      ['undecodable_chunk', 7],
      ['unknown_message', 8],
    ]);
    expect(summary.problems).toBe(7);
  });
});
