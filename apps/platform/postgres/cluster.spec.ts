import { chmodSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { firstClosedFolder, launcherFor } from './account.js';
import { dataFolderOf, openCluster, type PostgresOptions } from './cluster.js';

const options = (): PostgresOptions => ({
  folder: join(makeFolder('postgres'), 'cluster'),
  password: 'secret',
  settings: { fsync: 'off' },
});

describe('a cluster', () => {
  it('is kept once it is finished, made again where that was cut short, and refused by name when of another version', async () => {
    const server = options();
    await openCluster(server);
    const made = statSync(join(dataFolderOf(server), 'PG_VERSION')).mtimeMs;
    await openCluster(server);
    expect(statSync(join(dataFolderOf(server), 'PG_VERSION')).mtimeMs).toBe(made);
    rmSync(join(server.folder, 'complete'));
    rmSync(join(dataFolderOf(server), 'global'), { recursive: true });
    await openCluster(server);
    expect(existsSync(join(dataFolderOf(server), 'global'))).toBe(true);
    expect(existsSync(join(server.folder, 'initial-password'))).toBe(false);

    writeFileSync(join(dataFolderOf(server), 'PG_VERSION'), '16\n');
    await expect(openCluster(server)).rejects.toMatchObject({
      code: 'postgres_version',
      message: expect.stringMatching(/PostgreSQL 16, this Modelog runs 18/),
    });
  });
});

describe('the account of PostgreSQL', () => {
  it('is found to be kept out by the first closed folder, whoever owns it', async () => {
    const open = makeFolder('account');
    const closed = makeFolder('account');
    chmodSync(closed, 0o700);
    const stranger = { name: 'stranger', uid: 54_321, gid: 54_321 };
    expect(await firstClosedFolder(stranger, [open])).toBeUndefined();
    expect(await firstClosedFolder(stranger, [open, join(closed, 'inside')])).toBe(closed);
    expect(
      await firstClosedFolder({ ...stranger, uid: statSync(closed).uid }, [join(closed, 'inside')]),
    ).toBeUndefined();
  });

  it('is nobody special for an ordinary user', async () => {
    const launcher = await launcherFor(undefined, ['/nowhere']);
    expect(launcher.wrap('postgres', ['-D', 'x'])).toEqual({ command: 'postgres', args: ['-D', 'x'] });
  });
});
