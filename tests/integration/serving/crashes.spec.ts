import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '#tests/support/wait.js';
import { Client } from './client.js';
import { crashingAt, goingRound, startPool, type Pool } from './serving-pool.js';
import { fixture, startWorld, type Fixture, type World } from './world.js';

let world: World;
let pool: Pool;
let client: Client;
let good: Fixture;

beforeAll(async () => {
  world = await startWorld();
  good = await fixture('forest-plain');
  await world.register('good', '1.0.0', good);
  await world.register('bad', '1.0.0', { bytes: crashingAt(7) });
  await world.register('worse', '1.0.0', { bytes: crashingAt(0) });
  await world.register('endless', '1.0.0', { bytes: goingRound() });
  world.superviseServing();
  pool = await startPool(world, { deployment: { circuit_breaker: { crashes: 2, within_s: 600 } }, unresponsiveS: 3 });
  client = new Client(pool.url);
  await live('good');
}, 60_000);

afterAll(async () => {
  client.close();
  await pool.stop();
  await world.stop();
});

/** Deploys the model of this name at this address. */
async function live(name: string): Promise<void> {
  const seq = await world.deploy(name, name, '1.0.0');
  expect((await world.settled(name, seq)).type).toBe('DeploymentWentLive');
}

const predict = (deployment: string, input: unknown) => client.post('/api/predict', { deployment, input });
const goodAnswers = async (): Promise<boolean> => {
  const answer = await predict('good', good.rows[0]).catch(() => undefined);
  return answer?.status === 200;
};

/** The signal of an x86 processor; others divide without one. */
const onX86 = process.arch === 'x64' ? it : it.skip;

const crashesOf = async (deployment: string) => {
  const { records } = await world.events.page(1, 500);
  return records.flatMap((record) =>
    'unknown' in record || record.event.type !== 'VersionCrashed' || record.event.data.deployment !== deployment
      ? []
      : [record.event.data],
  );
};

describe('a version that serving processes die of', () => {
  onX86(
    'while they run it is told with the signal, and cut off when it did so too often; others go on',
    async () => {
      await live('bad');
      for (const crashes of [1, 2]) {
        await until(async () => (await predict('bad', { x: 9 })).status === 200, { what: 'the version to answer' });
        expect(await goodAnswers()).toBe(true);
        await expect(predict('bad', { x: 7 })).rejects.toThrow();
        await until(goodAnswers, { what: 'the pool to be whole again' });
        const told = await crashesOf('bad');
        expect(told).toHaveLength(crashes);
        expect(told.at(-1)).toMatchObject({ cause: 'SIGFPE', crashes, within_s: 600, cut_off: crashes === 2 });
        expect(told.at(-1)!.instance).toMatch(/^serving-0-/);
      }
      const { status, json } = await predict('bad', { x: 9 });
      expect([status, json.code]).toEqual([503, 'version_cut_off']);
      expect(json.detail).toContain('SIGFPE');
    },
    60_000,
  );

  onX86(
    'as they load it is told too, and is not loaded any more',
    async () => {
      const before = pool.pids()['serving-0'];
      const seq = await world.deploy('worse', 'worse', '1.0.0');
      await until(async () => (await crashesOf('worse')).at(-1)?.cut_off, {
        what: 'the version to be cut off',
        timeoutMs: 20_000,
      });
      expect(await crashesOf('worse')).toMatchObject([{ crashes: 1 }, { crashes: 2, cause: 'SIGFPE' }]);
      expect(await world.settled('worse', seq)).toMatchObject({ type: 'DeploymentFailed', code: 'version_cut_off' });
      await until(goodAnswers, { what: 'the pool to be whole again' });
      expect(pool.pids()['serving-0']).not.toBe(before);
      expect(await crashesOf('good')).toEqual([]);
    },
    60_000,
  );

  onX86(
    'as it is warmed up is told apart from those that answer meanwhile',
    async () => {
      await world.register('late', '1.0.0', { bytes: crashingAt(5) });
      const stopping = new AbortController();
      const others = (async () => {
        while (!stopping.signal.aborted) await goodAnswers();
      })();
      try {
        const strategy = { type: 'blue_green' as const, warmup_requests: [{ x: 5 }] };
        const seq = await world.deploy('late', 'late', '1.0.0', { strategy });
        expect(await world.settled('late', seq)).toMatchObject({ type: 'DeploymentFailed', code: 'version_cut_off' });
      } finally {
        stopping.abort();
        await others;
      }
      expect(await crashesOf('late')).toMatchObject([{ crashes: 1 }, { crashes: 2, cause: 'SIGFPE' }]);
      expect(await crashesOf('good')).toEqual([]);
    },
    60_000,
  );
});

describe('a run without end', () => {
  it('ends with its process, which is replaced, and the version is told', async () => {
    await live('endless');
    expect((await predict('endless', { x: 5 })).status).toBe(200);
    const before = pool.pids()['serving-0'];
    await expect(predict('endless', { x: 2 ** 52 })).rejects.toThrow();
    await until(goodAnswers, { what: 'the pool to be whole again' });
    expect(pool.pids()['serving-0']).not.toBe(before);
    expect(await crashesOf('endless')).toMatchObject([{ cause: 'unresponsive', crashes: 1, cut_off: false }]);
    expect((await predict('endless', { x: 6 })).status).toBe(200);
  }, 60_000);
});
