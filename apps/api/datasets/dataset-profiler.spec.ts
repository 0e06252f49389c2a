import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import { baselineFormat } from '#libs/contracts/index.js';
import { profileOf } from '#libs/datasets/index.js';
import { DatasetProfiler } from './dataset-profiler.js';

/** The thread runs outside Jest: as compiled by the build that comes before the tests. */
const program = join(rootFolder, 'dist/apps/api/datasets/profile-thread.js');

const csv = (text: string) => new TextEncoder().encode(text);
const task = (text: string, format = 'csv') => ({
  read: () => Promise.resolve(csv(text)),
  ...{ format, limits: {} },
});

describe('DatasetProfiler', () => {
  it('finds in a thread what is found here, while the event loop goes on', async () => {
    const rows = Array.from({ length: 20_000 }, (_, row) => `${Math.sin(row)},word ${row % 7}`);
    const text = ['number,word', ...rows].join('\n');
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const profiled = await new DatasetProfiler(program).profile(task(text));
    clearInterval(timer);
    expect(profiled).toEqual(profileOf(csv(text), 'csv'));
    expect(turns).toBeGreaterThan(0);
  });

  it("takes what a training job has profiled, whatever its rows are, and refuses what is no job's baseline", async () => {
    const quantiles = { p01: 1, p05: 2, p25: 3, p50: 4, p75: 5, p95: 6, p99: 7 };
    const age = {
      ...{ name: 'age', type: 'numeric', count: 10, missing: 1, distinct: 9, exact: true, histogram: null },
      ...{ numeric: { min: 0, max: 8, mean: 4.5, sd: 2.5, quantiles }, top: [{ value: '4', count: 2 }] },
    };
    const baseline = { version: 1, rows: 10, features: [age], outputs: [], sample: { rows: [1] } };
    const profiler = new DatasetProfiler(program);
    expect(await profiler.profile(task(JSON.stringify(baseline), baselineFormat))).toEqual({
      ok: true,
      value: new Map([
        [
          'age',
          {
            ...{ rows: 10, missing: 1, distinct: 9, top: age.top },
            numeric: { mean: 4.5, standard_deviation: 2.5, min: 0, q25: 3, median: 4, q75: 5, max: 8 },
          },
        ],
      ]),
    });
    const other = await profiler.profile(task('{"version":1,"features":[{"name":"age"}]}', baselineFormat));
    expect(other).toMatchObject({ ok: false, rejection: { reason: 'malformed', where: 'features.0.type' } });
  });

  it('refuses as the reader does, and profiles the next one', async () => {
    const profiler = new DatasetProfiler(program);
    const [refused, next] = await Promise.all([profiler.profile(task('a,b\n1')), profiler.profile(task('a\n1'))]);
    expect(refused).toEqual(profileOf(csv('a,b\n1'), 'csv'));
    expect(refused.ok).toBe(false);
    expect(next).toEqual(profileOf(csv('a\n1'), 'csv'));
  });

  it('holds the bytes of one data set at a time, and goes on behind one that cannot be read', async () => {
    const profiler = new DatasetProfiler(program);
    const order: string[] = [];
    const read = (name: string) => async () => {
      order.push(`${name} read`);
      if (name === 'lost') throw new Error('lost');
      return Promise.resolve(csv('a\n1'));
    };
    const asked = ['one', 'lost', 'two'].map((name) =>
      profiler.profile({ read: read(name), format: 'csv', limits: {} }).then(
        () => order.push(`${name} profiled`),
        () => order.push(`${name} failed`),
      ),
    );
    await Promise.all(asked);
    expect(order).toEqual(['one read', 'one profiled', 'lost read', 'lost failed', 'two read', 'two profiled']);
  });

  it('fails when the thread does', async () => {
    const failing = new DatasetProfiler(join(rootFolder, 'no-such-program.js'));
    await expect(failing.profile(task('a\n1'))).rejects.toMatchObject({ code: 'profile_failed' });
  });
});
