import { describe, expect, it } from '@jest/globals';
import { configurationFiles, type api } from '#libs/contracts/index.js';
import { deploymentDefinition, findVersion, modelDefinition, type DeploymentCommand } from '#libs/domain/index.js';
import { entityIdOf, randomIds, systemClock } from '#libs/kernel/index.js';
import type { PrepareOutcome, ServingControl } from '#libs/nest/index.js';
import { until } from '#tests/support/wait.js';
import { Commands } from '../commands.js';
import { memoryStore, metaOf, registerVersion } from './fixtures/memory-registry.js';
import { RollBackDeployment, RollBackDeploymentHandler } from './roll-back.js';

const deployment = 'cellar';
const reason = 'it is worse';

/** Two versions, the second one live, and one serving process: what it does not hold it loads for ever. */
async function startStory() {
  const store = memoryStore();
  for (const version of ['1.0.0', '2.0.0']) {
    await registerVersion(store, 'wine', version);
    const { state, seq } = await store.load(modelDefinition, 'wine', { consistency: 'leader' });
    const asked = metaOf({ version });
    const deploy: DeploymentCommand = {
      ...{ type: 'Deploy', commandId: asked.commandId, deployment },
      model: { name: 'wine', seq, selector: version, state: findVersion(state, version)! },
      defaults: {
        ...{ environment: 'development', recording: 'acknowledged', loadTimeoutS: 60 },
        blueGreen: { warmupRequests: 0, keepOldS: 60 },
      },
    };
    await store.execute(deploymentDefinition, deployment, deploy, asked);
    const live: DeploymentCommand = {
      ...{ type: 'MarkLive', deployment, rollout_id: entityIdOf('rollout', asked.commandId) },
      instances: [{ instance: 'serving-0', load_ms: 1 }],
    };
    expect(await store.execute(deploymentDefinition, deployment, live, metaOf(live))).toMatchObject({ ok: true });
  }

  const prepared: string[] = [];
  const process = { holds: true };
  const serving: ServingControl = {
    listMembers: () => Promise.resolve([{ instance: 'serving-0', epoch: 'e', pid: 1, started_at: '' }]),
    report: async (instance) => {
      const { state } = await store.load(deploymentDefinition, deployment, { consistency: 'leader' });
      const loaded = [state.live, state.former].flatMap((each) =>
        each === null ? [] : [{ deployment, rollout_id: each.rollout_id }],
      );
      return { instance, routing_seq: 1, loaded: process.holds ? loaded : [] };
    },
    prepare: (instance) => {
      prepared.push(instance);
      return new Promise<PrepareOutcome>(() => undefined);
    },
    confirm: (_instance, seq) => Promise.resolve({ status: 'confirmed', routingSeq: seq }),
  };
  const commands = new Commands(systemClock, randomIds, { files: configurationFiles.parse({}), seq: 1 });
  const handler = new RollBackDeploymentHandler(store, serving, systemClock, commands);
  const rollBack = (body: Partial<api.RollBackDeployment> = {}, idempotencyKey?: string) =>
    handler.execute(
      new RollBackDeployment(
        { deployment, reason, ...body },
        { actor: 'ada', idempotencyKey, correlationId: undefined, traceparent: undefined },
      ),
    );
  return { store, rollBack, prepared, process };
}

describe('a rollback', () => {
  it('waits for a process that does not hold the version yet', async () => {
    const { store, rollBack, prepared, process } = await startStory();
    process.holds = false;
    void rollBack();
    await until(() => prepared.length === 1, { what: 'the process to be asked' });
    const { state } = await store.load(deploymentDefinition, deployment, { consistency: 'leader' });
    expect(state.rolled_back).toBe(false);
  });

  it('that is refused anyway waits for none, and neither does a repeat', async () => {
    const { store, rollBack, prepared, process } = await startStory();
    const first = await rollBack({}, 'key');
    expect(first).toMatchObject({ to: { version: '1.0.0' }, confirmed_by: ['serving-0'] });

    process.holds = false;
    expect(await rollBack({}, 'key')).toEqual(first);
    await expect(rollBack()).rejects.toMatchObject({
      rejection: { code: 'already_rolled_back', as_of_seq: first.seq },
    });
    const to = { name: 'wine', selector: '3.0.0' };
    await expect(rollBack({ to })).rejects.toMatchObject({ rejection: { code: 'rollout_not_kept' } });
    const archive = { type: 'Archive', model: 'wine', version: '2.0.0', reason } as const;
    const deployments = { serving: [], seq: first.seq };
    await store.execute(modelDefinition, 'wine', { ...archive, deployments }, metaOf(archive));
    await expect(rollBack({ to: { name: 'wine', selector: '2.0.0' } })).rejects.toMatchObject({
      rejection: { code: 'version_archived' },
    });
    expect(prepared).toEqual([]);
  });
});
