import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadArtifactFrom, type LoadArtifact, type LoadFailure } from './load-artifact.js';
import { ArtifactDamaged, ArtifactNotFound, ArtifactStoreUnavailable } from '#libs/artifacts/index.js';
import type { Column, LoadedModel } from '#libs/inference/index.js';
import { rowEncoder } from '#libs/inference/index.js';
import { accept, reject, systemClock } from '#libs/kernel/index.js';
import { createLogger } from '#libs/nest/index.js';
import { until } from '#tests/support/wait.js';
import { deferred } from '../deferred.js';
import type { Rollout } from '../routing/routing-table.js';
import { ModelPool, notLive, type ModelPoolOptions, type WantedRollout } from './model-pool.js';
import type { Servable } from './servable.js';
import { sessionBytes } from './sessions.js';

const signature: Rollout['signature'] = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [{ name: 'a', type: 'float32', nullable: false, input: 'x', index: 0 }],
};

const rollout = (id: string, artifact = id): Rollout => ({
  rolloutId: id,
  deployment: `deployment of ${id}`,
  model: 'm',
  version: '1.0.0',
  artifact,
  signature,
  recording: 'acknowledged',
  requestId: 'e',
  requestedSeq: 1,
  requestedAt: 0,
  correlationId: 'c',
  loadTimeoutS: 60,
  championSeq: null,
  strategy: { type: 'direct' },
  prepared: false,
  cutOff: null,
});

const wanted = (place: WantedRollout['place'], ...rollouts: Rollout[]): WantedRollout[] =>
  rollouts.map((each) => ({ rollout: each, place }));

/** A model that doubles its input; its runs end when the test says so. */
class Doubling implements LoadedModel {
  readonly signature = signature;
  readonly encoder = rowEncoder(signature);
  readonly inputColumns = this.encoder.inputColumns;
  readonly outputColumns = [{ name: 'y', type: 'float32' as const, width: 1, role: 'value' as const }];
  disposed = 0;
  onDispose: () => void = () => undefined;
  gate: Promise<void> = Promise.resolve();
  freed: Promise<void> = Promise.resolve();

  async run(inputs: readonly Column[]): Promise<readonly Column[]> {
    await this.gate;
    return [{ ...this.outputColumns[0]!, data: (inputs[0]!.data as Float32Array).map((x) => 2 * x) }];
  }

  outputOf(outputs: readonly Column[], row: number) {
    return { value: outputs[0]!.data[row] as number };
  }

  async dispose(): Promise<void> {
    this.disposed += 1;
    await this.freed;
    this.onDispose();
  }
}

function poolWith(load: LoadArtifact, options: Partial<ModelPoolOptions> = {}) {
  let changes = 0;
  const pool = new ModelPool({
    load,
    maxRecordedBytes: 1_000_000,
    writer: { instance: 'i', epoch: 'e' },
    maxRowsPerRun: 16,
    clock: systemClock,
    logger: createLogger({ component: 'test', instance: 'test', level: 'silent' }),
    onChange: () => (changes += 1),
    ...options,
  });
  return { pool, changes: () => changes };
}

const failing = (failure: LoadFailure) => reject(failure);
const definitive: LoadFailure = { code: 'model_cannot_load', reason: 'broken', transient: false };
const passing: LoadFailure = { code: 'unavailable', reason: 'away', transient: true };

describe('the pool of models', () => {
  it('loads what is wanted and shares one session among rollouts of the same artifact and signature', async () => {
    const models: Doubling[] = [];
    const { pool, changes } = poolWith(() => {
      models.push(new Doubling());
      return Promise.resolve(accept(models.at(-1)!));
    });
    const [one, two, other] = [rollout('1', 'same'), rollout('2', 'same'), rollout('3')];
    pool.want(wanted('live', one, two, other));
    expect(await pool.settled('3')).toMatchObject({ status: 'loaded' });
    expect([models.length, changes() >= 2]).toEqual([2, true]);
    pool.want(wanted('live', two));
    await until(() => models[1]!.disposed === 1, { what: 'the other session to be released' });
    expect(models[0]!.disposed).toBe(0);
    expect(pool.stateOf('1')).toBeUndefined();
    await pool.close();
    expect(models[0]!.disposed).toBe(1);
  });

  it('lets requests finish on the session they began with', async () => {
    const model = new Doubling();
    const { pool } = poolWith(() => Promise.resolve(accept(model)));
    pool.want(wanted('live', rollout('1')));
    const state = await pool.settled('1');
    if (state?.status !== 'loaded') throw new Error('not loaded');
    let open = (): void => undefined;
    model.gate = new Promise((resolve) => (open = resolve));
    const answered = new Promise<number>((resolve) => {
      state.servable.batcher.submit({ a: 21 }, (outcome) => {
        if (outcome.ok) resolve(outcome.slices[0]!.run.outputs[0]!.data[0] as number);
      });
    });
    pool.want([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(model.disposed).toBe(0);
    open();
    expect(await answered).toBe(42);
    await until(() => model.disposed === 1, { what: 'the session to be released' });
  });

  it('tries a live version again until it loads, and says why it does not serve meanwhile', async () => {
    let attempts = 0;
    const { pool } = poolWith(() => {
      attempts += 1;
      return Promise.resolve(attempts < 2 ? failing(definitive) : accept(new Doubling()));
    });
    pool.want(wanted('live', rollout('1')));
    const state = await pool.settled('1');
    expect(state).toMatchObject({ status: 'failed', failure: { code: 'model_cannot_load', reason: 'broken' } });
    expect(notLive('d', state)).toMatchObject({ code: 'deployment_not_live' });
    expect(notLive('d', state).detail).toContain('model_cannot_load: broken');
    await until(() => pool.stateOf('1')?.status === 'loaded', { what: 'the version to be loaded after all' });
    await pool.close();
  });

  it('gives a pending version up at once when nothing would help, and not when its failure may pass', async () => {
    let attempts = 0;
    const { pool } = poolWith(({ rolloutId }) => {
      attempts += 1;
      if (rolloutId === 'hopeless') return Promise.resolve(failing(definitive));
      return Promise.resolve(attempts < 3 ? failing(passing) : accept(new Doubling()));
    });
    pool.want(wanted('pending', rollout('hopeless'), rollout('passing')));
    expect(await pool.settled('hopeless')).toMatchObject({ status: 'failed' });
    expect(await pool.settled('passing')).toMatchObject({ status: 'loaded' });
    await pool.close();
  });

  it('counts deployments and models apart whose names run together', async () => {
    const { pool } = poolWith(() => Promise.resolve(accept(new Doubling())));
    const [one, other] = [rollout('1'), rollout('2')];
    pool.want(wanted('live', { ...one, deployment: 'a b', model: 'c' }, { ...other, deployment: 'a', model: 'b c' }));
    await pool.settled('2');
    expect(Array.from(pool.counts(), ({ deployment, version }) => [deployment, version])).toEqual([
      ['a b', 'c@1.0.0'],
      ['a', 'b c@1.0.0'],
    ]);
    await pool.close();
  });

  it('refuses a version whose rows no message of the log can hold', async () => {
    const model = new Doubling();
    const { pool } = poolWith(() => Promise.resolve(accept(model)), { maxRecordedBytes: 64 });
    pool.want(wanted('pending', rollout('1')));
    expect(await pool.settled('1')).toMatchObject({ status: 'failed', failure: { code: 'unsupported_model' } });
    await until(() => model.disposed === 1, { what: 'its session to be released' });
    await pool.close();
  });
});

describe('a pool with a bound on memory', () => {
  const artifactBytes = 2 ** 20;
  const each = sessionBytes(artifactBytes);

  /** Room for `sessions` models; what was loaded and released, in order, by artifact. */
  function bounded(sessions: number, options: Partial<ModelPoolOptions> = {}) {
    const events: string[] = [];
    const models = new Map<string, Doubling>();
    const { pool } = poolWith(
      async ({ artifact }, hasRoom) => {
        if (!(await hasRoom(artifactBytes))) return null;
        const model = new Doubling();
        models.set(artifact, model);
        events.push(`+${artifact}`);
        model.onDispose = () => events.push(`-${artifact}`);
        return accept(model);
      },
      { maxModelBytes: sessions * each, ...options },
    );
    const status = (id: string) => pool.stateOf(id)?.status;
    return { pool, events, models, status };
  }

  const servableIn = async (pool: ModelPool, id: string): Promise<Servable> => {
    const state = await pool.settled(id);
    if (state?.status !== 'loaded') throw new Error(`${id} is not loaded`);
    return state.servable;
  };

  it('loads what is live while there is room, and the rest when it is asked for', async () => {
    const { pool, events, status } = bounded(2);
    pool.want(wanted('live', rollout('a'), rollout('b'), rollout('c')));
    await pool.attempted(['a', 'b', 'c']);
    expect([events, ['a', 'b', 'c'].map(status)]).toEqual([
      ['+a', '+b'],
      ['loaded', 'loaded', 'released'],
    ]);
    (await servableIn(pool, 'a')).usedAt = Number.MAX_VALUE;
    await servableIn(pool, 'c');
    expect([events, ['a', 'b', 'c'].map(status)]).toEqual([
      ['+a', '+b', '-b', '+c'],
      ['loaded', 'released', 'loaded'],
    ]);
    expect([pool.loads, pool.evictions, pool.modelBytes]).toEqual([3, 1, 2 * each]);
    await pool.close();
    expect(events.slice(4).sort()).toEqual(['-a', '-c']);
  });

  it('loads in the order asked, once for all who wait', async () => {
    const { pool, events } = bounded(1);
    pool.want(wanted('live', rollout('a'), rollout('b'), rollout('c')));
    await pool.attempted(['a', 'b', 'c']);
    const order: string[] = [];
    const ask = (id: string) => pool.settled(id).then((state) => order.push(`${id} ${state!.status}`));
    await Promise.all([ask('c'), ask('b'), ask('c')]);
    expect(events.filter((event) => event.startsWith('+'))).toEqual(['+a', '+c', '+b']);
    expect(order.sort()).toEqual(['b loaded', 'c loaded', 'c loaded']);
    await pool.close();
  });

  it('makes room for a pending version by its formers, and says so where nothing can go', async () => {
    const { pool, events, status } = bounded(2);
    const [live, former, kept, pending] = [rollout('live'), rollout('former'), rollout('kept'), rollout('pending')];
    pool.want([...wanted('live', live), ...wanted('former', former)]);
    await pool.attempted(['live', 'former']);
    pool.want([...wanted('live', live), ...wanted('former', former), ...wanted('pending', pending)]);
    await pool.settled('pending');
    expect(events).toEqual(['+live', '+former', '-former', '+pending']);
    const stay: WantedRollout[] = [...wanted('pending', pending), { rollout: kept, place: 'former', kept: true }];
    pool.want([...wanted('live', live), ...stay]);
    await pool.settled('kept');
    expect(events.slice(4)).toEqual(['-live', '+kept']);
    await pool.settled('live');
    expect(['live', 'pending', 'kept'].map(status)).toEqual(['loaded', 'loaded', 'loaded']);
    expect(pool.modelBytes).toBe(3 * each);
    await pool.close();
  });

  /** Submits a row; resolves with whether it was answered. */
  const answered = ({ batcher }: Servable): Promise<boolean> =>
    new Promise((resolve) => {
      const refusal = batcher.submit({ a: 1 }, ({ ok }) => {
        resolve(ok);
      });
      if (refusal !== null) resolve(false);
    });

  it('opens a version when the rows under way in the one before it are answered, and nobody enters that meanwhile', async () => {
    const { pool, events, models, status } = bounded(1);
    pool.want(wanted('live', rollout('a'), rollout('b')));
    const servable = await servableIn(pool, 'a');
    const gate = deferred();
    models.get('a')!.gate = gate.promise;
    const underWay = answered(servable);
    const waiting = [servableIn(pool, 'b')];
    await until(() => status('a') === 'released', { what: 'the one with rows under way to be let go of' });
    waiting.push(servableIn(pool, 'a'));
    await until(() => servable.batcher.pendingRows === 1, { what: 'the row to be under way' });
    expect([events, pool.modelBytes]).toEqual([['+a'], each]);
    gate.resolve();
    expect(await underWay).toBe(true);
    await Promise.all(waiting);
    expect([events, pool.modelBytes]).toEqual([['+a', '-a', '+b', '-b', '+a'], each]);
    await pool.close();
  });

  it('counts a session until it is gone, and opens no other one in its place before', async () => {
    const { pool, events, models, status } = bounded(1);
    pool.want(wanted('live', rollout('a'), rollout('b')));
    await pool.attempted(['a', 'b']);
    const freed = deferred();
    models.get('a')!.freed = freed.promise;
    const loaded = pool.settled('b');
    await until(() => models.get('a')!.disposed === 1, { what: 'the session to be closed' });
    expect([events, status('b'), pool.modelBytes]).toEqual([['+a'], 'released', each]);
    freed.resolve();
    expect(await loaded).toMatchObject({ status: 'loaded' });
    expect([events, pool.modelBytes]).toEqual([['+a', '-a', '+b'], each]);
    await pool.close();
  });

  it('lets others have their turn when room is long in coming, and tries again until it is there', async () => {
    const { pool, events, models, status } = bounded(2, { roomWithinMs: 20 });
    const [a, b, c, alike] = [rollout('a'), rollout('b'), rollout('c'), rollout('alike', 'b')];
    pool.want(wanted('live', a, b, c));
    await pool.attempted(['a', 'b', 'c']);
    (await servableIn(pool, 'b')).usedAt = Number.MAX_VALUE;
    const gate = deferred();
    models.get('a')!.gate = gate.promise;
    (await servableIn(pool, 'a')).usedAt = 0;
    const underWay = answered(await servableIn(pool, 'a'));
    pool.want([...wanted('live', a, c), ...wanted('pending', b)]);
    const loaded = pool.settled('c');
    await until(() => status('a') === 'released', { what: 'the one with rows under way to be let go of' });
    pool.want([...wanted('live', a, c), ...wanted('pending', b, alike)]);
    expect(await pool.settled('alike')).toMatchObject({ status: 'loaded' });
    expect([events, status('c'), pool.modelBytes]).toEqual([['+a', '+b'], 'released', 2 * each]);
    gate.resolve();
    expect([await underWay, await loaded]).toMatchObject([true, { status: 'loaded' }]);
    expect([events, pool.modelBytes]).toEqual([['+a', '+b', '-a', '+c'], 2 * each]);
    await pool.close();
  });

  it('never holds more than the bound, whoever asks while rows are under way, and answers every row', async () => {
    const rollouts = ['a', 'b', 'c', 'd'].map((id) => rollout(id));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 40 }), async (asked) => {
        const { pool, events } = bounded(2);
        pool.want(wanted('live', ...rollouts));
        await pool.attempted(rollouts.map(({ rolloutId }) => rolloutId));
        const ask = async (at: number): Promise<boolean> => {
          const state = await pool.settled(rollouts[at]!.rolloutId);
          expect(pool.modelBytes).toBeLessThanOrEqual(2 * each);
          // Let go of before its turn came: asks again, as a request does.
          return state?.status === 'loaded' ? answered(state.servable) : ask(at);
        };
        expect(await Promise.all(asked.map(ask))).toEqual(asked.map(() => true));
        await pool.close();
        let open = 0;
        for (const event of events) {
          open += event.startsWith('+') ? 1 : -1;
          expect(open).toBeLessThanOrEqual(2);
        }
        expect(open).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('loads what is asked for in the moment in which no room is found for it', async () => {
    const events: string[] = [];
    const asked: Promise<unknown>[] = [];
    const { pool } = poolWith(
      async ({ artifact }, hasRoom) => {
        if (!(await hasRoom(artifactBytes))) {
          asked.push(pool.settled('b'));
          return null;
        }
        events.push(artifact);
        return accept(new Doubling());
      },
      { maxModelBytes: each },
    );
    pool.want(wanted('live', rollout('a'), rollout('b')));
    await until(() => asked.length === 1, { what: 'the question' });
    expect(await asked[0]).toMatchObject({ status: 'loaded' });
    expect(events).toEqual(['a', 'b']);
    await pool.close();
  });

  it('loads one version that is larger than the bound alone', async () => {
    const { pool, events } = bounded(0.5);
    pool.want(wanted('live', rollout('a')));
    await servableIn(pool, 'a');
    expect(events).toEqual(['+a']);
    await pool.close();
  });

  it('loads a former again when traffic returns to it', async () => {
    const { pool, events } = bounded(1);
    const [one, two] = [rollout('1'), rollout('2')];
    pool.want([...wanted('live', two), ...wanted('former', one)]);
    await pool.attempted(['1', '2']);
    expect(pool.stateOf('1')).toEqual({ status: 'released' });
    pool.want([...wanted('live', one), ...wanted('former', two)]);
    await servableIn(pool, '1');
    expect(events).toEqual(['+2', '-2', '+1']);
    await pool.close();
  });
});

describe('loading an artifact', () => {
  it.each([
    ['artifact_not_found', new ArtifactNotFound('sha256:1'), false],
    ['artifact_damaged', new ArtifactDamaged('sha256:1', 'bits'), false],
    ['unavailable', new ArtifactStoreUnavailable('read', 'away'), true],
    ['internal', new Error('what'), true],
  ])('that fails says %s', async (code, error, transient) => {
    const load = loadArtifactFrom({ read: () => Promise.reject(error) });
    expect(await load(rollout('1'), () => Promise.resolve(true))).toMatchObject({
      ok: false,
      rejection: { code, transient },
    });
  });

  it('bytes that are no model cannot be loaded', async () => {
    const load = loadArtifactFrom({ read: () => Promise.resolve(Buffer.from('no model')) });
    expect(await load(rollout('1'), () => Promise.resolve(true))).toMatchObject({
      ok: false,
      rejection: { code: 'model_cannot_load' },
    });
  });
});
