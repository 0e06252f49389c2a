import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { deploymentDefinition, type DeploymentCommand } from '#libs/domain/index.js';
import { AggregateStore, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import { fixture, type ApiWorld } from './api-world.js';
import { expectRefused, type Refusal } from './refusals.js';

/** What serving's supervisor does when its processes have loaded a version. */
export async function goLive(world: ApiWorld, deployment: string, rollout_id: string): Promise<number> {
  const store = new AggregateStore({
    events: world.events,
    snapshots: new SnapshotStore(new JetStreamStore({ connection: world.connection, stream: 'SNAPSHOTS' })),
    clock: systemClock,
    random: Math.random,
  });
  const instances = [{ instance: 's0', load_ms: 1 }];
  const command: DeploymentCommand = { type: 'MarkLive', deployment, rollout_id, instances };
  const meta = commandMeta({
    ...{ actor: 'system:test', call: 'live', target: deployment, body: command },
    ...{ at: systemClock.now(), ids: randomIds },
  });
  const outcome = await store.execute(deploymentDefinition, deployment, command, meta);
  if (!outcome.ok) throw new Error(outcome.rejection.detail);
  await store.idle();
  return outcome.value.seq;
}

export function deploymentCases(world: () => ApiWorld): void {
  describe('deployments', () => {
    const deploy = (body: object, headers: Record<string, string> = {}) => world().post('/api/deploy', body, headers);
    const status = async (deployment: string, seq: unknown): Promise<api.DeploymentView> => {
      const answer = await world().get(`/api/deploy/status?deployment=${deployment}&min_seq=${Number(seq)}`);
      return (answer.body.items as api.DeploymentView[])[0]!;
    };
    const registered = async (name: string): Promise<string> => {
      const artifact = await world().upload(fixture('forest-plain/model.onnx'));
      const { body } = await world().post('/api/models', { name, artifact });
      return `${name}@${String(body.version)}`;
    };

    it('accepts, goes live, is replaced and retires', async () => {
      const model = await registered('deployed');
      const first = await deploy({ deployment: 'street', model }, { 'x-request-id': 'trace-1' });
      expect(first.status).toBe(202);
      expect(first.headers.get('x-request-id')).toBe('trace-1');
      const rollout = String(first.body.rollout_id);
      expect(await status('street', first.body.seq)).toMatchObject({
        ...{ deployment: 'street', environment: 'development', state: 'deploying', recording: 'acknowledged' },
        ...{ versions: [], rollout: { rollout_id: rollout, state: 'deploying', requested_by: 'local' } },
      });
      await expectRefused(world(), () => deploy({ deployment: 'street', model }), {
        ...{ status: 409, code: 'rollout_in_progress', says: rollout },
      });

      const liveSeq = await goLive(world(), 'street', rollout);
      expect(await status('street', liveSeq)).toMatchObject({
        state: 'live',
        versions: [{ model: 'deployed', version: '1.0.0', role: 'live', weight: 1, ready_instances: 1 }],
      });
      await expectRefused(world(), () => deploy({ deployment: 'street', model }), { status: 409, code: 'no_change' });
      await expectRefused(world(), () => deploy({ deployment: 'street', model, environment: 'staging' }), {
        ...{ status: 409, code: 'environment_mismatch' },
      });

      const next = await registered('deployed');
      const second = await deploy({ deployment: 'street', model: next, recording: 'unacknowledged' });
      await goLive(world(), 'street', String(second.body.rollout_id));
      const retired = await world().post('/api/deploy/street/retire', { reason: 'closed' });
      expect(retired.status).toBe(202);
      const view = await status('street', retired.body.seq);
      expect(view).toMatchObject({ state: 'retired', versions: [] });
      expect(view.history.map(({ version, state }) => [version, state])).toEqual([
        ['1.0.0', 'superseded'],
        ['1.1.0', 'retired'],
      ]);
      await expectRefused(world(), () => world().post('/api/deploy/street/retire', { reason: 'again' }), {
        ...{ status: 409, code: 'no_change' },
      });
    });

    it('records the request that asked for it, and the configuration it rests on', async () => {
      const model = await registered('recorded');
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const answer = await deploy({ deployment: 'recorded', model }, { 'x-request-id': 'abc', traceparent });
      const page = await world().get(`/api/events?from_seq=${Number(answer.body.seq)}&limit=1`);
      const [event] = page.body.items as api.EventView[];
      expect(event).toMatchObject({
        ...{ id: answer.body.event_id, type: 'DeploymentRequested', correlation_id: 'abc', actor: 'local' },
        ...{ config_seq: 1, data: { load_timeout_s: 60, model: 'recorded' } },
      });
      const stored = await world().events.get(Number(answer.body.seq), 'leader');
      expect(stored?.headers.get('traceparent')).toBe(traceparent);
    });

    it('answers a repeat with the same Idempotency-Key as the first time, however late', async () => {
      const model = await registered('repeated');
      const key = { 'idempotency-key': 'deploy-1' };
      const first = await deploy({ deployment: 'repeated', model }, key);
      await goLive(world(), 'repeated', String(first.body.rollout_id));
      const before = await world().head();
      const again = await deploy({ deployment: 'repeated', model }, key);
      expect([again.status, again.body]).toEqual([202, first.body]);
      expect(await world().head()).toBe(before);
      await expectRefused(world(), () => deploy({ deployment: 'repeated', model, environment: 'staging' }, key), {
        ...{ status: 409, code: 'idempotency_conflict', path: 'header Idempotency-Key' },
      });
    });

    it('lists by name, as of any moment', async () => {
      const model = await registered('listed');
      const first = await deploy({ deployment: 'list-1', model });
      const second = await deploy({ deployment: 'list-2', model });
      const now = await world().get(`/api/deploy/status?limit=500&min_seq=${Number(second.body.seq)}`);
      const names = (now.body.items as api.DeploymentView[]).map(({ deployment }) => deployment);
      expect(names).toEqual([...names].sort());
      expect(names).toEqual(expect.arrayContaining(['list-1', 'list-2']));
      const then = await world().get(`/api/deploy/status?limit=500&as_of=seq:${Number(first.body.seq)}`);
      expect(then.text).toContain('"list-1"');
      expect(then.text).not.toContain('"list-2"');
    });

    const bodies: [string, object, Refusal][] = [
      ['an unknown model', { model: 'nobody@1.0.0' }, { status: 404, code: 'model_not_found', path: 'model' }],
      ['an unknown version', { model: 'deployed@9.0.0' }, { status: 404, code: 'version_not_found', path: 'model' }],
      ['a model without a version', { model: 'deployed' }, { status: 422, code: 'invalid_request', path: 'model' }],
      ['an environment not reached', { environment: 'production' }, { status: 409, code: 'stage_not_reached' }],
      [
        'an unknown environment',
        { environment: 'moon' },
        { status: 422, code: 'invalid_request', path: 'environment' },
      ],
      ['a strategy not here', { strategy: { type: 'canary' } }, { status: 422, code: 'invalid_request' }],
      ['an unknown field', { force: true }, { status: 422, code: 'invalid_request', path: 'force' }],
      ['a name that is none', { deployment: 'a>b' }, { status: 422, code: 'invalid_request', path: 'deployment' }],
    ];
    it.each(bodies)('refuses %s', async (_what, change, refusal) => {
      const body = { deployment: 'refused', model: 'deployed@1.0.0', ...change };
      await expectRefused(world(), () => deploy(body), refusal);
    });

    it('refuses to retire or show what is not there', async () => {
      await expectRefused(world(), () => world().post('/api/deploy/nobody/retire', { reason: 'x' }), {
        ...{ status: 404, code: 'deployment_not_found' },
      });
      await expectRefused(world(), () => world().post('/api/deploy/nobody/retire', {}), {
        ...{ status: 422, code: 'invalid_request', path: 'reason' },
      });
      await expectRefused(world(), () => world().get('/api/deploy/status?deployment=nobody'), {
        ...{ status: 404, code: 'deployment_not_found' },
      });
    });
  });
}
