import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { api, type DeploymentEvent, type GovernanceEvent } from '#libs/contracts/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { digest, openDatabase, ProjectionReader, type Database } from '#libs/projecting/index.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { positionOfRecord, recordedEvent, uuidOf } from '#libs/projecting/testing/recorded-events.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { deployments } from './apply.js';
import { DeploymentQueries, historyLimit } from './queries.js';

let handle: DatabaseHandle;
let database: Database;

beforeAll(async () => {
  handle = await createDatabase('deployments');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});

const artifact = `sha256:${'b'.repeat(64)}`;
const served = (rollout: number, deployment = 'churn') => ({
  deployment,
  rollout_id: uuidOf(rollout),
  model: 'm',
  version: `1.${rollout}.0`,
});
const requested = (rollout: number, deployment?: string): DeploymentEvent => ({
  type: 'DeploymentRequested',
  data: {
    ...served(rollout, deployment),
    environment: 'staging',
    strategy: { type: 'direct' },
    recording: rollout % 2 === 0 ? 'unacknowledged' : 'acknowledged',
    artifact,
    signature: { inputs: [], outputs: [], features: [] },
    model_seq: 1,
    load_timeout_s: 60,
  },
});
const wentLive = (rollout: number, deployment?: string): DeploymentEvent => ({
  type: 'DeploymentWentLive',
  data: { ...served(rollout, deployment), instances: [1, 2].map((n) => ({ instance: `i${n}`, load_ms: 3 })) },
});
const failed = (rollout: number, deployment?: string): DeploymentEvent => ({
  type: 'DeploymentFailed',
  data: { ...served(rollout, deployment), code: 'model_cannot_load', reason: 'no' },
});
const prepared = (rollout: number): DeploymentEvent => ({
  type: 'DeploymentPrepared',
  data: { ...served(rollout), instances: [1, 2].map((n) => ({ instance: `i${n}`, load_ms: 3, warmed: 9 })) },
});
const placeOf = (rollout: number) => ({ rollout_id: uuidOf(rollout), model: 'm', version: `1.${rollout}.0` });
const rolledBack = (from: number, to: number, aborted?: number): DeploymentEvent => ({
  type: 'DeploymentRolledBack',
  data: {
    ...{ deployment: 'churn', from: placeOf(from), to: placeOf(to), reason: 'worse' },
    aborted: aborted === undefined ? null : uuidOf(aborted),
  },
});
const released = (rollout: number, given: number): DeploymentEvent => ({
  type: 'FormerVersionReleased',
  data: { deployment: 'churn', rollout_id: uuidOf(rollout), released: placeOf(given) },
});
const crashed = (rollout: number, crashes: number, cut_off = false): DeploymentEvent => ({
  type: 'VersionCrashed',
  data: {
    ...{ ...served(rollout), instance: 'i1', epoch: `e${crashes}`, cause: 'SIGSEGV' },
    ...{ crashes, within_s: 300, cut_off },
  },
});
const retired = (deployment = 'churn'): DeploymentEvent => ({
  type: 'DeploymentRetired',
  data: { deployment, reason: 'over' },
});

const recordsOf = (events: readonly DeploymentEvent[]): LogRecord<GovernanceEvent>[] =>
  events.map((event, index) => recordedEvent(index + 1, event));

const fold = (events: readonly DeploymentEvent[], options = {}): Promise<void> =>
  foldAnew(database, deployments, { positionOf: positionOfRecord }, recordsOf(events), options);

const queries = (lastSeq = 1_000): DeploymentQueries =>
  new DeploymentQueries(
    new ProjectionReader({
      database,
      projection: deployments,
      head: () => Promise.resolve({ firstSeq: 1, lastSeq, lastTime: 0 }),
      clock: systemClock,
      waitMs: 50,
    }),
  );

async function view(seq?: number): Promise<api.DeploymentView> {
  const found = await queries().getDeployment('churn', seq === undefined ? {} : { as_of: { seq } });
  if (!found.ok) throw new Error(found.rejection.detail);
  const { as_of_seq: _seq, ...rest } = found.value;
  return api.deploymentView.parse(rest);
}

const live = (rollout: number) => ({
  model: 'm',
  version: `1.${rollout}.0`,
  role: 'live',
  weight: 1,
  ready_instances: 2,
});
const former = (rollout: number) => ({ ...live(rollout), role: 'former', weight: 0 });
const states = ({ state, versions, rollout, history }: api.DeploymentView) => ({
  ...{ state, versions, rollout: rollout?.state, history: history.map((entry) => entry.state) },
});

const following = (rollout: number, championSeq: number): DeploymentEvent => {
  const event = requested(rollout);
  if (event.type !== 'DeploymentRequested') throw new TypeError(event.type);
  return { ...event, data: { ...event.data, follows: 'champion', champion_seq: championSeq } };
};
const stayed: DeploymentEvent = {
  type: 'DeploymentStayed',
  data: {
    ...{ deployment: 'churn', model: 'm', champion: '2.0.0', champion_seq: 90, version: '1.1.0' },
    ...{ code: 'incompatible_signature', reason: 'other features' },
  },
};

describe('deployments', () => {
  it('tell that they follow the champion, switch with it, stay behind and why', async () => {
    await fold([following(1, 70), wentLive(1), following(2, 80), following(3, 85), stayed, requested(4), wentLive(4)]);
    const follows = async (seq: number) => (await view(seq)).follows;
    expect(await follows(1)).toEqual({ model: 'm', alias: 'champion', state: 'switching', stayed: null });
    expect(await follows(2)).toMatchObject({ state: 'following' });
    expect(await follows(4)).toMatchObject({ state: 'switching' });
    expect(states(await view(4)).history).toEqual(['live', 'superseded', 'deploying']);
    expect(await follows(5)).toEqual({
      ...{ model: 'm', alias: 'champion', state: 'stayed' },
      stayed: { champion: '2.0.0', champion_seq: 90, code: 'incompatible_signature', reason: 'other features' },
    });
    expect(states(await view(5))).toMatchObject({ state: 'live', history: ['live', 'superseded', 'superseded'] });
    expect(await follows(7)).toBeNull();
    const followers = async (seq: number) => {
      const found = await queries().followersOf('m', { as_of: { seq } });
      return found.ok ? found.value.items.map(({ deployment }) => deployment) : found.rejection;
    };
    expect(await followers(5)).toEqual(['churn']);
    expect(await followers(7)).toEqual([]);
  });

  it('still tell why they stayed when a version named outright could not be loaded, until the champion moves', async () => {
    await fold([following(1, 70), wentLive(1), stayed, requested(2), failed(2), following(3, 95), failed(3)]);
    const follows = async (seq: number) => (await view(seq)).follows;
    expect(await follows(4)).toBeNull();
    expect(await follows(5)).toEqual(await follows(3));
    expect(await follows(5)).toMatchObject({ state: 'stayed', stayed: { champion: '2.0.0' } });
    expect(await follows(6)).toMatchObject({ state: 'switching', stayed: null });
    expect(await follows(7)).toMatchObject({ state: 'failed', stayed: null });
  });

  it('tell which of them serve a version, or are about to', async () => {
    await fold([requested(1), requested(1, 'shop'), wentLive(1), requested(2), wentLive(2), failed(1, 'shop')]);
    const serving = async (version: string, seq: number) => {
      const found = await queries().serving('m', version, { as_of: { seq } });
      return found.ok ? found.value.deployments : found.rejection;
    };
    expect(await serving('1.1.0', 1)).toEqual(['churn']);
    expect(await serving('1.1.0', 4)).toEqual(['churn', 'shop']);
    expect(await serving('1.2.0', 4)).toEqual(['churn']);
    expect(await serving('1.1.0', 5)).toEqual(['shop']);
    expect(await serving('1.1.0', 6)).toEqual([]);
  });

  it('go from deploying to live, roll out the next version and keep the former until it is live', async () => {
    await fold([requested(1), wentLive(1), requested(2), wentLive(2)]);
    expect(states(await view(1))).toEqual({
      state: 'deploying',
      versions: [],
      rollout: 'deploying',
      history: ['deploying'],
    });
    expect(states(await view(2))).toEqual({ state: 'live', versions: [live(1)], rollout: 'live', history: ['live'] });
    expect(states(await view(3))).toEqual({
      ...{ state: 'rolling_out', versions: [live(1)], rollout: 'deploying' },
      history: ['live', 'deploying'],
    });
    expect(states(await view(4))).toEqual({
      ...{ state: 'live', versions: [live(2), former(1)], rollout: 'live' },
      history: ['former', 'live'],
    });
    expect(await view(3)).toMatchObject({ recording: 'acknowledged', environment: 'staging' });
    expect(await view()).toMatchObject({
      recording: 'unacknowledged',
      rollout: {
        ...{ rollout_id: uuidOf(2), artifact, requested_seq: 3, requested_by: 'ada', settled_seq: 4, failure: null },
        ...{ requested_at: '1970-01-01T00:00:03.000Z', settled_at: '1970-01-01T00:00:04.000Z' },
      },
    });
  });

  it('stay on the former version when the next one cannot be loaded, and fail without one', async () => {
    await fold([requested(1), failed(1), requested(2), wentLive(2), requested(3), failed(3)]);
    expect(states(await view(2))).toEqual({ state: 'failed', versions: [], rollout: 'failed', history: ['failed'] });
    expect(states(await view())).toEqual({
      ...{ state: 'live', versions: [live(2)], rollout: 'failed' },
      history: ['failed', 'live', 'failed'],
    });
    expect((await view()).rollout?.failure).toEqual({ code: 'model_cannot_load', reason: 'no' });
  });

  it('prepare a version, keep the former one until it is released, and then not', async () => {
    await fold([requested(1), wentLive(1), requested(2), prepared(2), wentLive(2), released(2, 1)]);
    expect(states(await view(4))).toEqual({
      ...{ state: 'rolling_out', versions: [live(1)], rollout: 'prepared', history: ['live', 'prepared'] },
    });
    expect(states(await view(5))).toMatchObject({ versions: [live(2), former(1)], history: ['former', 'live'] });
    expect(states(await view(6))).toMatchObject({ versions: [live(2)], history: ['superseded', 'live'] });
  });

  it('keep what a rollback left until it is released, and are live then like any other', async () => {
    await fold([requested(1), wentLive(1), requested(2), wentLive(2), rolledBack(2, 1), released(1, 2)]);
    expect(states(await view(5))).toMatchObject({ state: 'rolled_back', versions: [live(1), former(2)] });
    expect(states(await view(6))).toMatchObject({
      state: 'live',
      versions: [live(1)],
      history: ['live', 'rolled_back'],
    });
  });

  it('roll back and return, ending what is under way', async () => {
    await fold([
      ...[requested(1), wentLive(1), requested(2), wentLive(2), requested(3), rolledBack(2, 1, 3)],
      ...[rolledBack(1, 2), rolledBack(2, 1), requested(4), wentLive(4)],
    ]);
    expect(states(await view(6))).toEqual({
      ...{ state: 'rolled_back', versions: [live(1), former(2)], rollout: 'aborted' },
      history: ['live', 'rolled_back', 'aborted'],
    });
    const { history } = await view(6);
    expect(history.map(({ settled_seq }) => settled_seq)).toEqual([2, 6, 6]);
    expect(await queries().routeAt('churn', 6)).toMatchObject({
      value: { rollout: { rollout_id: uuidOf(1) }, live_seq: 6, live_at: '1970-01-01T00:00:06.000Z' },
    });
    expect(states(await view(7))).toMatchObject({ state: 'live', versions: [live(2), former(1)] });
    expect(states(await view(7)).history).toEqual(['former', 'live', 'aborted']);
    expect(states(await view(8)).state).toBe('rolled_back');
    expect(states(await view())).toMatchObject({
      ...{ state: 'live', versions: [live(4), former(1)] },
      history: ['former', 'rolled_back', 'aborted', 'live'],
    });
  });

  it('stay with what they were rolled back to, until the champion moves or they return', async () => {
    await fold([following(1, 70), wentLive(1), following(2, 80), wentLive(2), rolledBack(2, 1), following(3, 90)]);
    expect((await view(5)).follows).toEqual({
      ...{ model: 'm', alias: 'champion', state: 'stayed' },
      stayed: { champion: '1.2.0', champion_seq: 80, code: 'rolled_back', reason: 'worse' },
    });
    expect((await view(6)).follows).toMatchObject({ state: 'switching', stayed: null });
    await fold([following(1, 70), wentLive(1), following(2, 80), wentLive(2), rolledBack(2, 1), rolledBack(1, 2)]);
    expect((await view()).follows).toMatchObject({ state: 'following', stayed: null });
    // What was deployed outright says nothing of the champion since: the version before is fixed.
    await fold([following(1, 70), wentLive(1), requested(2), wentLive(2), rolledBack(2, 1)]);
    expect((await view()).follows).toBeNull();
    expect((await view()).history[0]).toMatchObject({ state: 'live', champion_seq: null });
  });

  it('tell how often serving processes died of a version, and that it is cut off until another one serves', async () => {
    await fold([
      ...[requested(1), wentLive(1), requested(2), wentLive(2), crashed(2, 1), crashed(2, 2, true)],
      ...[rolledBack(2, 1), crashed(1, 1, true), requested(3), wentLive(3)],
    ]);
    expect((await view(5)).rollout).toMatchObject({ crashes: 1, cut_off: null });
    expect((await view(5)).state).toBe('live');
    expect(await view(6)).toMatchObject({
      state: 'failed',
      rollout: { crashes: 2, cut_off: { at: '1970-01-01T00:00:06.000Z', seq: 6, cause: 'SIGSEGV', crashes: 2 } },
    });
    expect(await view(7)).toMatchObject({ state: 'rolled_back', rollout: { crashes: 2, cut_off: null } });
    expect(await view(8)).toMatchObject({ state: 'failed', versions: [{ version: '1.1.0' }, { version: '1.2.0' }] });
    expect((await view()).state).toBe('live');
  });

  it('retire with what serves and what loads, and may come again', async () => {
    await fold([requested(1), wentLive(1), requested(2), retired(), requested(3)]);
    expect(states(await view(4))).toEqual({
      ...{ state: 'retired', versions: [], rollout: 'retired' },
      history: ['retired', 'retired'],
    });
    expect(states(await view())).toMatchObject({ state: 'deploying', versions: [] });
  });

  it('know where traffic went at a routing sequence', async () => {
    await fold([requested(1), wentLive(1), requested(2), wentLive(2), retired()]);
    const routes = [];
    for (const seq of [1, 2, 3, 4, 5]) {
      const route = await queries().routeAt('churn', seq);
      routes.push(route.ok && (route.value?.rollout.rollout_id ?? null));
    }
    expect(routes).toEqual([null, uuidOf(1), uuidOf(1), uuidOf(2), null]);
    expect(await queries().routeAt('churn', 4)).toMatchObject({
      value: {
        environment: 'staging',
        live_seq: 4,
        live_at: '1970-01-01T00:00:04.000Z',
        rollout: { requested_seq: 3 },
      },
    });
    expect(await queries().routeAt('other', 4)).toEqual({ ok: true, value: undefined });
    expect(await queries().routeAt('churn', 6)).toMatchObject({ ok: false, rejection: { code: 'not_caught_up' } });
  });

  it('count and leave out events that their own rules would never give', async () => {
    await fold([wentLive(1), requested(1), requested(2), wentLive(2), failed(9), retired('other'), wentLive(1)]);
    expect((await digest(database, deployments))?.skipped).toBe(5);
    expect(states(await view())).toEqual({ state: 'live', versions: [live(1)], rollout: 'live', history: ['live'] });
  });

  it('are listed by name, page by page, with a bounded history', async () => {
    const many = Array.from({ length: historyLimit + 5 }, (_, index) => [
      requested(index, 'b'),
      failed(index, 'b'),
    ]).flat();
    await fold([requested(900, 'c'), ...many, requested(901, 'a')]);
    const first = await queries().listDeployments({ limit: 2 });
    if (!first.ok || first.value.next_cursor === null) throw new Error('expected a page with a next one');
    expect(first.value.items.map(({ deployment }) => deployment)).toEqual(['a', 'b']);
    expect(first.value.items[1]!.history.length).toBe(historyLimit);
    expect(first.value.items[1]!.history.at(-1)!.version).toBe(`1.${historyLimit + 4}.0`);
    const second = await queries().listDeployments({ limit: 2, cursor: first.value.next_cursor });
    expect(second).toMatchObject({ value: { items: [{ deployment: 'c', state: 'deploying' }], next_cursor: null } });
    expect(await queries().getDeployment('d')).toMatchObject({
      ok: false,
      rejection: { code: 'deployment_not_found' },
    });
  });

  it('are the same wherever batches are cut, and their past is what a fold up to there gives', async () => {
    const event = fc
      .tuple(fc.constantFrom(requested, wentLive, failed, prepared, retired), fc.integer({ min: 1, max: 4 }))
      .map(([make, rollout]) => (make === retired ? retired() : (make as typeof requested)(rollout)));
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 25 }), sizes, sizes, async (events, some, others) => {
        const log = [
          requested(5),
          wentLive(5),
          requested(6),
          wentLive(6),
          rolledBack(6, 5),
          ...events,
          rolledBack(5, 6),
        ];
        const now: unknown[] = [];
        for (const length of [1, Math.ceil(log.length / 2), log.length]) {
          await fold(log.slice(0, length), { sizes: some });
          now.push([length, await view()]);
        }
        const cutOneWay = await digest(database, deployments);
        for (const [length, then] of now as [number, unknown][]) expect(await view(length)).toEqual(then);
        await fold(log, { sizes: others });
        expect(await digest(database, deployments)).toEqual(cutOneWay);
      }),
      { numRuns: 6 },
    );
  });
});
