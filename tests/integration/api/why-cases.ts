import { describe, expect, it } from '@jest/globals';
import {
  encodeChunk,
  encodeChunkSchema,
  encodePredictionId,
  epochCheck,
  eventSource,
  header,
  predictionsRecorded,
  subjects,
  type api,
  type Chunk,
  type ChunkSchema,
} from '#libs/contracts/index.js';
import { fixture, eventually, type ApiWorld } from './api-world.js';
import { goLive } from './deployment-cases.js';
import { expectRefused } from './refusals.js';

const epoch = '0199a1b2-0000-7000-8000-000000000001';

export interface Deployed {
  readonly deployment: string;
  readonly rolloutId: string;
  readonly requestedSeq: number;
  readonly liveSeq: number;
  readonly registration: Record<string, unknown>;
}

/** A model of the deployment's name, registered, deployed and live. */
export async function deployed(world: ApiWorld, deployment: string): Promise<Deployed> {
  const artifact = await world.upload(fixture('mlp-iris/model.onnx'));
  const registration = await world.post('/api/models', {
    ...{ name: deployment, artifact, metrics: { accuracy: 0.97 }, lineage: { source: 'a notebook' } },
  });
  const { body } = await world.post('/api/deploy', { deployment, model: `${deployment}@1.0.0` });
  const rolloutId = String(body.rollout_id);
  const liveSeq = await goLive(world, deployment, rolloutId);
  return { deployment, rolloutId, requestedSeq: Number(body.seq), liveSeq, registration: registration.body };
}

/** As serving records it: a served row, one on which the model failed, and one refused by validation. */
async function record(world: ApiWorld, to: Deployed, counter: number): Promise<number> {
  const schema: ChunkSchema = {
    ...{ deployment: to.deployment, routing_seq: to.liveSeq, epoch, instance: 'serving-0' },
    arms: [
      {
        ...{ role: 'live', model: to.deployment, version: '1.0.0', rollout_id: to.rolloutId },
        artifact: `sha256:${'a'.repeat(64)}`,
      },
    ],
    inputs: [
      { name: 'X', type: 'float32', width: 3, features: ['length', '__proto__', 'gap'] },
      { name: 'T', type: 'string', width: 1, features: ['town'] },
      { name: 'N', type: 'int64', width: 2, features: ['small', 'large'] },
      { name: 'M', type: 'float64', width: 4, features: ['matrix'], shape: [2, 2] },
    ],
    outputs: [
      { name: 'label', type: 'int64', width: 1, role: 'label' },
      { name: 'p', type: 'float32', width: 2, role: 'probabilities' },
    ],
    classes: ['no', 'yes'],
  };
  const rows: Omit<Chunk, 'schema'> = {
    ...{ counter, givenUp: [], beganAt: Date.now(), served: 1, failed: 1, refused: 1 },
    arm: new Uint8Array(3),
    latencyUs: Uint32Array.from([1500, 2500, 100]),
    beganOffsetUs: Uint32Array.from([0, 250, 500]),
    requestIds: ['r-1', undefined, undefined],
    subjectIds: ['person 7', undefined, undefined],
    codes: ['model_failed', 'missing_feature'],
    details: [JSON.stringify('bad luck'), JSON.stringify([{ path: 'input.town', message: 'missing' }])],
    inputs: [
      Float32Array.from([0.1, 1e-7, Number.NaN, 7, 8, 9]),
      ['Zürich', 'Bern'],
      BigInt64Array.from([5n, 2n ** 60n, 1n, 2n]),
      Float64Array.from([1, 2, 3, 0.1, 5, 6, 7, 8]),
    ],
    outputs: [BigInt64Array.from([1n]), Float32Array.from([0.25, 0.75])],
  };
  const { seq } = await world.traffic.publish({
    subject: subjects.predictions(to.deployment),
    headers: {
      [header.type]: predictionsRecorded.type,
      [header.eventVersion]: String(predictionsRecorded.version),
      [header.source]: eventSource,
      [header.specVersion]: '1.0',
    },
    data: encodeChunk(schema, encodeChunkSchema(schema), rows),
    messageId: `${epoch}-${counter}`,
  });
  return seq;
}

export function whyCases(world: () => ApiWorld): void {
  describe('why', () => {
    it('tells the whole story of a prediction, by its own id', async () => {
      const to = await deployed(world(), 'explained');
      const seq = await record(world(), to, 1);
      const id = encodePredictionId({ seq, row: 0, check: epochCheck(epoch) });
      const answer = await world().get(`/api/why/${id}`);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        ...{ prediction_id: id, deployment: 'explained', outcome: 'served', latency_ms: 1.5, failure: null },
        output: { label: 1, probabilities: { no: 0.25, yes: 0.75 } },
        ...{ model: 'explained', version: '1.0.0', artifact: `sha256:${'a'.repeat(64)}` },
        identity: { epoch, counter: 1, row: 0, traffic_seq: seq, instance: 'serving-0' },
        route: { routing_seq: to.liveSeq, role: 'live', rollout_id: to.rolloutId },
        rollout: {
          requested_seq: to.requestedSeq,
          requested_by: 'local',
          live_seq: to.liveSeq,
          environment: 'development',
        },
        registration: {
          ...{ seq: to.registration.seq, event_id: to.registration.event_id, registered_by: 'local' },
          ...{ stage: 'development', metrics: { accuracy: 0.97 }, lineage: { source: 'a notebook' } },
        },
        as_of_seq: to.liveSeq,
      });
      const { request } = answer.body as unknown as api.Why;
      expect(request).toMatchObject({ request_id: 'r-1', routing_key: null, subject_id: 'person 7' });
      expect(Object.entries(request.input!)).toEqual([
        ['length', 0.1],
        ['__proto__', 1e-7],
        ['gap', null],
        ['town', 'Zürich'],
        ['small', 5],
        ['large', String(2n ** 60n)],
        [
          'matrix',
          [
            [1, 2],
            [3, 0.1],
          ],
        ],
      ]);
    });

    it('tells who wanted, approved and promoted the version, up to its routing table', async () => {
      const artifact = await world().upload(fixture('mlp-iris/model.onnx'));
      await world().post('/api/models', { name: 'decided', artifact });
      const version = '/api/models/decided/versions/1.0.0';
      await world().post(`${version}/approval`, { decision: 'request', reason: 'ready' });
      await world().post(`${version}/tags`, { tags: { seen: 'yes' } });
      await world().post(`${version}/approval`, { decision: 'approve', reason: 'fine' });
      const body = { version: '1.0.0', reason: 'go' };
      const promoted = await world().put('/api/models/decided/promote', { ...body, to: 'staging' });
      expect(promoted.status).toBe(200);
      const deployed = await world().post('/api/deploy', { deployment: 'decided', model: 'decided@1.0.0' });
      const rolloutId = String(deployed.body.rollout_id);
      const liveSeq = await goLive(world(), 'decided', rolloutId);
      const to = {
        deployment: 'decided',
        rolloutId,
        requestedSeq: Number(deployed.body.seq),
        liveSeq,
        registration: {},
      };
      const seq = await record(world(), to, 6);
      await world().put('/api/models/decided/promote', { ...body, to: 'production' });
      const id = encodePredictionId({ seq, row: 0, check: epochCheck(epoch) });
      const { body: told } = await world().get(`/api/why/${id}`);
      expect(told.decisions).toMatchObject([
        { type: 'PromotionRequested', actor: 'local', reason: 'ready', details: { to: 'staging' } },
        { type: 'VersionApproved', actor: 'local', reason: 'fine' },
        { type: 'VersionPromoted', seq: promoted.body.seq, reason: 'go', config_seq: 1, evidence: { approvals: [{}] } },
      ]);
      expect(told.decisions).toHaveLength(3);
    });

    it('tells what failed and what was refused', async () => {
      const to = await deployed(world(), 'failing');
      const seq = await record(world(), to, 2);
      const rowOf = async (row: number): Promise<Record<string, unknown>> =>
        (await world().get(`/api/why/${encodePredictionId({ seq, row, check: epochCheck(epoch) })}`)).body;
      expect(await rowOf(1)).toMatchObject({
        ...{ outcome: 'failed', output: null, latency_ms: 2.5 },
        failure: { code: 'model_failed', detail: 'bad luck' },
        request: { input: { length: 7, gap: 9, town: 'Bern' } },
      });
      expect(await rowOf(2)).toMatchObject({
        ...{ outcome: 'refused', output: null },
        failure: { code: 'missing_feature', detail: [{ path: 'input.town' }] },
        request: { input: null },
      });
    });

    it('finds an unacknowledged prediction by its identity, once it is stored', async () => {
      const to = await deployed(world(), 'unacknowledged');
      const path = `/api/why/u.${epoch}.3.0`;
      await expectRefused(world(), () => world().get(path), { status: 404, code: 'prediction_not_found' });
      const seq = await record(world(), to, 3);
      const answer = await eventually(
        'the chunk in the read model',
        () => world().get(path),
        ({ status }) => status === 200,
      );
      expect(answer.body).toMatchObject({ identity: { counter: 3, row: 0, traffic_seq: seq }, outcome: 'served' });
      expect((await world().get(`/api/why/u.${epoch}.3.3`)).status).toBe(404);
    });

    it('knows nothing of ids that were never answered', async () => {
      const to = await deployed(world(), 'unknown');
      const seq = await record(world(), to, 4);
      const check = epochCheck(epoch);
      const unknown = [
        encodePredictionId({ seq, row: 3, check }),
        encodePredictionId({ seq, row: 0, check: (check ^ 1) >>> 0 }),
        encodePredictionId({ seq: seq + 1000, row: 0, check }),
        `u.${epoch}.99.0`,
        `u.other.4.0`,
        'nonsense',
        'a%2F..%2Fb',
      ];
      for (const id of unknown)
        await expectRefused(world(), () => world().get(`/api/why/${id}`), {
          ...{ status: 404, code: 'prediction_not_found' },
        });
    });

    it('knows a prediction only from the moment it was made', async () => {
      const to = await deployed(world(), 'dated');
      const seq = await record(world(), to, 5);
      const path = `/api/why/${encodePredictionId({ seq, row: 0, check: epochCheck(epoch) })}`;
      const now = await world().get(`${path}?as_of=seq:${to.liveSeq}`);
      expect(now.body).toMatchObject({ as_of_seq: to.liveSeq });
      expect((await world().get(`${path}?as_of=seq:${to.requestedSeq}`)).status).toBe(404);
      for (const moment of ['2020-01-01T00:00:00Z', 'seq:999999'])
        await expectRefused(world(), () => world().get(`${path}?as_of=${moment}`), {
          ...{ status: 422, code: 'invalid_position' },
        });
    });
  });
}
