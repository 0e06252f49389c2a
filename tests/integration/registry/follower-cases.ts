import { describe, expect, it } from '@jest/globals';
import { deploymentDefinition, findVersion, modelDefinition, type DeploymentCommand } from '#libs/domain/index.js';
import { AggregateStore, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import { until } from '#tests/support/wait.js';
import { goLive } from '../api/deployment-cases.js';
import type { RegistryWorld } from './world.js';

export function followerCases(world: () => RegistryWorld): void {
  const execute = async (deployment: string, commandOf: (store: AggregateStore) => Promise<DeploymentCommand>) => {
    const store = new AggregateStore({
      events: world().events,
      snapshots: new SnapshotStore(new JetStreamStore({ connection: world().connection, stream: 'SNAPSHOTS' })),
      clock: systemClock,
      random: Math.random,
    });
    const command = await commandOf(store);
    const meta = commandMeta({
      ...{ actor: 'system:test', call: command.type, target: deployment, body: command },
      ...{ at: systemClock.now(), ids: randomIds },
    });
    const outcome = await store.execute(deploymentDefinition, deployment, command, meta);
    await store.idle();
    if (!outcome.ok) throw new Error(outcome.rejection.detail);
    return outcome.value.event;
  };

  /** What the serving supervisor does when the champion of `model` has moved: the deployment is asked to follow. */
  const follow = async (deployment: string, model: string): Promise<string> => {
    const event = await execute(deployment, async (store) => {
      const [{ state, seq }, served] = await Promise.all([
        store.load(modelDefinition, model, { consistency: 'leader' }),
        store.load(deploymentDefinition, deployment, { consistency: 'leader' }),
      ]);
      const { live } = served.state;
      return {
        ...{ type: 'Follow', commandId: randomIds.next(systemClock.now()), deployment, loadTimeoutS: 60 },
        champion: { model, modelSeq: seq, seq: state.champion_seq, state: findVersion(state, 'champion')! },
        compared: live && { rolloutId: live.rollout_id, compatible: true },
      };
    });
    if (event.type !== 'DeploymentRequested') throw new Error(`expected DeploymentRequested, found ${event.type}`);
    return event.data.rollout_id;
  };

  const following = async (model: string, deployment: string): Promise<void> => {
    const { otto, register, promote } = world();
    for (const _version of [1, 2]) await register(model);
    await promote(model, '1.0.0', 'production');
    const deployed = await otto.post('/api/deploy', { deployment, model: `${model}@champion` });
    if (deployed.status !== 202) throw new Error(deployed.text);
    await goLive(world(), deployment, String(deployed.body.rollout_id));
    await promote(model, '1.1.0', 'staging');
    const approval = { decision: 'approve', reason: 'r' };
    await world().grace.post(`/api/models/${model}/versions/1.1.0/approval`, approval);
  };
  const championIs = (model: string, version: string) =>
    until(async () => (await world().get(`/api/models/${model}`)).body.champion === version, {
      what: `${version} to be champion of ${model}`,
    });

  describe('deployments that follow the champion', () => {
    it('switch before a promotion and a rollback are answered', async () => {
      await following('led', 'street');
      const { otto } = world();
      const promoting = otto.put('/api/models/led/promote', { version: '1.1.0', to: 'production', reason: 'r' });
      await championIs('led', '1.1.0');
      await goLive(world(), 'street', await follow('street', 'led'));
      const promoted = await promoting;
      expect(promoted.body).toMatchObject({
        champion: '1.1.0',
        followers: [{ deployment: 'street', state: 'switched', version: '1.1.0' }],
      });

      const rolling = otto.post('/api/models/led/rollback', { reason: 'r' });
      await championIs('led', '1.0.0');
      await goLive(world(), 'street', await follow('street', 'led'));
      expect((await rolling).body).toMatchObject({
        ...{ champion: '1.0.0', former: '1.1.0' },
        followers: [{ deployment: 'street', state: 'switched', version: '1.0.0' }],
      });
      const status = await world().get('/api/deploy/status?deployment=street');
      expect(status.body.items).toMatchObject([{ follows: { model: 'led', state: 'following' } }]);
    });

    it('are told as failed when the new champion cannot be loaded: they stay on their version', async () => {
      await following('heavy', 'square');
      const promoting = world().otto.put('/api/models/heavy/promote', {
        ...{ version: '1.1.0', to: 'production', reason: 'r' },
      });
      await championIs('heavy', '1.1.0');
      const rollout_id = await follow('square', 'heavy');
      await execute('square', () =>
        Promise.resolve({
          ...{ type: 'MarkFailed', deployment: 'square', rollout_id, code: 'model_cannot_load', reason: 'too large' },
        }),
      );
      expect((await promoting).body).toMatchObject({
        followers: [{ deployment: 'square', state: 'failed', version: '1.0.0' }],
      });
    });

    it('are told as pending when nobody serves', async () => {
      await following('idle', 'park');
      const promoted = await world().otto.put('/api/models/idle/promote', {
        ...{ version: '1.1.0', to: 'production', reason: 'r' },
      });
      expect(promoted).toMatchObject({
        status: 200,
        body: { followers: [{ deployment: 'park', state: 'pending', version: '1.0.0' }] },
      });
    });

    it('are those deployed as name@champion: another alias is resolved when it is deployed', async () => {
      const { anna, otto, register } = world();
      await register('pinned');
      await register('pinned');
      await anna.put('/api/models/pinned/aliases/next', { version: '1.1.0' });
      const deployed = await otto.post('/api/deploy', { deployment: 'pin', model: 'pinned@next' });
      await anna.put('/api/models/pinned/aliases/next', { version: '1.0.0' });
      await goLive(world(), 'pin', String(deployed.body.rollout_id));
      const status = await world().get(`/api/deploy/status?deployment=pin&min_seq=${await world().head()}`);
      expect(status.body.items).toMatchObject([{ follows: null, versions: [{ version: '1.1.0' }] }]);
    });
  });
}
