import { expect, it } from '@jest/globals';
import { until } from '#tests/support/wait.js';
import { Client } from './client.js';
import { startPool } from './serving-pool.js';
import { fixture, startWorld } from './world.js';

it('a process that has loaded enough models is replaced without a failed request', async () => {
  const world = await startWorld();
  const pool = await startPool(world, { serving: { recycle_after_loads: 3 } });
  const client = new Client(pool.url);
  try {
    world.superviseServing();
    // Different graphs: rollouts of one artifact share a session.
    const names = ['forest-plain', 'forest-zipmap', 'logistic-strings', 'hist-missing'];
    const first = await fixture('forest-plain');
    for (const name of names) await world.register(name, '1.0.0', await fixture(name));
    const before = pool.pids();
    const seq = await world.deploy('steady', 'forest-plain', '1.0.0');
    expect((await world.settled('steady', seq)).type).toBe('DeploymentWentLive');

    const statuses = new Map<number, number>();
    let running = true;
    const loop = async (): Promise<void> => {
      while (running) {
        const { status } = await client.post('/api/predict', { deployment: 'steady', input: first.rows[0] });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const loops = Array.from({ length: 4 }, loop);
    for (const name of names.slice(1)) {
      const asked = await world.deploy(name, name, '1.0.0');
      expect((await world.settled(name, asked)).type).toBe('DeploymentWentLive');
    }
    await until(() => pool.pids()['serving-0'] === undefined && pool.pids()['serving-1'] !== undefined, {
      what: 'the first process to be gone',
      timeoutMs: 20_000,
    });
    const answered = statuses.get(200) ?? 0;
    await until(() => (statuses.get(200) ?? 0) > answered + 10, { what: 'answers of its successor' });
    running = false;
    await Promise.all(loops);
    expect([...statuses.keys()]).toEqual([200]);
    expect(pool.pids()['serving-1']).not.toBe(before['serving-0']);
  } finally {
    client.close();
    await pool.stop();
    await world.stop();
  }
}, 60_000);
