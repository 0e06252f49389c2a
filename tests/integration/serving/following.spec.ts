/** @jest-environment ./tests/support/onnx-environment.mjs */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { configurationFiles } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import { until } from '#tests/support/wait.js';
import { Client } from './client.js';
import { fixture, startWorld, type Fixture, type World } from './world.js';

let world: World;
let forest: Fixture;
const clients: Client[] = [];

beforeEach(async () => {
  world = await startWorld();
  forest = await fixture('forest-plain');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await world.stop();
});

const policies = configurationFiles.parse({ pipeline: {} }).pipeline.registry.promotion;
const promote = (version: string, to: 'staging' | 'production'): ModelCommand => ({
  ...{ type: 'Promote', model: 'wine', version, to, reason: 'better', policies },
});
const rollBack: ModelCommand = { type: 'RollBack', model: 'wine', reason: 'worse' };

/** Promotes through both stages; gives the sequence of the event that made it champion. */
async function crown(version: string): Promise<number> {
  await world.onModel('wine', promote(version, 'staging'));
  return world.onModel('wine', promote(version, 'production'));
}

function clientOf({ url }: { url: string }): Client {
  const client = new Client(url);
  clients.push(client);
  return client;
}

const servedVersion = async (client: Client): Promise<unknown> =>
  (await client.post('/api/predict', { deployment: 'cellar', input: forest.rows[0]! })).json.version;

describe('a deployment that follows the champion', () => {
  it('switches when the champion moves, by promotion and by rollback, and after a restart of the supervisor', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await world.register('wine', version, forest);
    const supervisor = world.superviseServing();
    const client = clientOf(await world.serve());
    await crown('1.0.0');
    const live = await world.settled('cellar', await world.deploy('cellar', 'wine', 'champion'));
    expect(live.type).toBe('DeploymentWentLive');
    expect(await servedVersion(client)).toBe('1.0.0');

    const switched = await world.settled('cellar', await crown('1.1.0'));
    expect(switched.type).toBe('DeploymentWentLive');
    await until(async () => (await servedVersion(client)) === '1.1.0', { what: 'the new champion to answer' });

    await supervisor.stop();
    const moved = await crown('1.2.0');
    const back = await world.onModel('wine', rollBack);
    world.superviseServing();
    // Of two moves it has missed, only the newest counts.
    expect((await world.settled('cellar', moved)).seq).toBeGreaterThan(back);
    const { records } = await world.events.page(back + 1, 100);
    expect(records.map((record) => 'event' in record && [record.event.type, record.meta.causationId])).toEqual([
      ['DeploymentRequested', expect.any(String)],
      ['DeploymentWentLive', expect.any(String)],
    ]);
    expect(await servedVersion(client)).toBe('1.1.0');
  }, 60_000);

  it('stays on its version where the signatures are incompatible, and says so', async () => {
    await world.register('wine', '1.0.0', forest);
    await world.register('wine', '2.0.0', {
      ...forest,
      feature_names: forest.feature_names!.map((name) => `other_${name}`),
    });
    world.superviseServing();
    const client = clientOf(await world.serve());
    await crown('1.0.0');
    await world.settled('cellar', await world.deploy('cellar', 'wine', 'champion'));
    const answer = await world.settled('cellar', await crown('2.0.0'));
    expect(answer).toMatchObject({ type: 'DeploymentStayed', code: 'incompatible_signature' });
    expect(await servedVersion(client)).toBe('1.0.0');
    const again = await world.settled('cellar', await world.onModel('wine', rollBack));
    expect(again.type).toBe('DeploymentWentLive');
  }, 60_000);

  it('hears of a champion again where a deploy command that came later was decided on the one before', async () => {
    for (const version of ['1.0.0', '1.1.0']) await world.register('wine', version, forest);
    world.superviseServing();
    const client = clientOf(await world.serve());
    const first = await crown('1.0.0');
    await world.settled('cellar', await world.deploy('cellar', 'wine', 'champion'));
    await world.settled('cellar', await crown('1.1.0'));
    await world.settled('cellar', await world.deploy('cellar', 'wine', '1.0.0'));
    await world.deploy('cellar', 'wine', 'champion', { sees: { version: '1.0.0', championSeq: first } });
    await until(async () => (await servedVersion(client)) === '1.1.0', { what: 'the champion to answer' });
  }, 60_000);

  it('does not go live on a version that was archived after the deploy command was decided', async () => {
    for (const version of ['1.0.0', '1.1.0']) await world.register('wine', version, forest);
    await world.serve();
    const requested = await world.deploy('cellar', 'wine', '1.0.0');
    // The archive command is decided as if it had not seen the deployment: nothing of the kind may take traffic.
    const archived = await world.onModel('wine', {
      ...{ type: 'Archive', model: 'wine', version: '1.0.0', reason: 'old' },
      deployments: { serving: [], seq: requested - 1 },
    });
    world.superviseServing();
    expect(await world.settled('cellar', archived)).toMatchObject({
      type: 'DeploymentFailed',
      code: 'version_archived',
    });
    const { state } = await world.aggregates.load(modelDefinition, 'wine', { consistency: 'leader' });
    expect(state.versions[0]).toMatchObject({ version: '1.0.0', archived: true });
  }, 60_000);
});
