import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import { dataChecks, type Table } from '#libs/contracts/index.js';
import { ComputePool, type ComputeOptions } from './compute-pool.js';
import type { CheckTask } from './protocol.js';

const program = join(rootFolder, 'apps/training/compute/fixtures/thread.mjs');
const table: Table = { rows: 3, columns: [] };
const task = (target: string, of = table): CheckTask => ({
  ...{ kind: 'check', table: of, schema: { columns: [] }, checks: dataChecks.parse({}), target },
  ...{ task: null, features: null },
});

let pool: ComputePool;
const open = (options: Partial<ComputeOptions> = {}): void => {
  pool = new ComputePool({ program, threads: 1, ...options });
};
afterEach(() => pool.close());

describe('a pool of compute threads', () => {
  it('gives a thread each table once', async () => {
    open();
    const answers = (of = table): Promise<unknown> => pool.run(task('answers', of));
    expect(await answers()).toEqual({ ok: true, value: { rows: 3 } });
    expect(await answers()).toEqual({ ok: true, value: { rows: null } });
    expect(await answers({ rows: 4, columns: [] })).toEqual({ ok: true, value: { rows: 4 } });
  });

  it.each(['ends itself', 'throws'])('goes on with another thread when one %s', async (behaviour) => {
    open();
    const [dead, next] = await Promise.allSettled([pool.run(task(behaviour)), pool.run(task('answers'))]);
    expect(dead).toMatchObject({ status: 'rejected', reason: { code: 'compute_failed' } });
    expect(next).toMatchObject({ status: 'fulfilled', value: { ok: true, value: { rows: 3 } } });
  });

  it('refuses what takes more memory than a thread has, and goes on', async () => {
    open({ heapMb: 16 });
    expect(await pool.run(task('eats memory'))).toMatchObject({ ok: false, rejection: { code: 'out_of_memory' } });
    expect(await pool.run(task('answers'))).toMatchObject({ ok: true });
  });

  it('rejects what cannot be sent, and goes on', async () => {
    open();
    const unsendable = { ...task('answers'), features: [(() => 'text') as unknown as string] };
    await expect(pool.run(unsendable)).rejects.toMatchObject({ code: 'compute_failed' });
    expect(await pool.run(task('answers'))).toMatchObject({ ok: true });
  });

  it('leaves nobody waiting when it is closed', async () => {
    open();
    const waiting = Promise.allSettled([pool.run(task('never answers')), pool.run(task('answers'))]);
    await pool.close();
    const closed = { status: 'rejected', reason: { code: 'compute_closed' } };
    expect(await waiting).toMatchObject([closed, closed]);
    await expect(pool.run(task('answers'))).rejects.toMatchObject({ code: 'compute_closed' });
  });
});
