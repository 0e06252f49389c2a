import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
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
