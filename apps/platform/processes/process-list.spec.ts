import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { endOrphans, processList } from './process-list.js';

const sleeper = (): ReturnType<typeof spawn> =>
  spawn(
    process.execPath,
    ['-e', 'process.on("SIGINT", () => process.stdout.write("deaf")); console.log("up"); setInterval(() => {}, 1000)'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );

describe('the list of processes', () => {
  it('lets the next start end what a killed run left, by force where it does not listen', async () => {
    const folder = makeFolder('run');
    const orphan = sleeper();
    await once(orphan.stdout!, 'data');
    processList(folder).add('nats-server', orphan.pid!);
    const ended = once(orphan, 'exit');
    expect(await endOrphans(folder, 50)).toEqual(['nats-server']);
    expect((await ended)[1]).toBe('SIGKILL');
    expect(await endOrphans(folder, 50)).toEqual([]);
  });

  it('leaves alone a program that has the pid of a process that is gone', async () => {
    const folder = makeFolder('run');
    const other = sleeper();
    await once(other.stdout!, 'data');
    processList(folder).add('postgres', other.pid!);
    const path = join(folder, 'processes.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"identity": ".*"/, '"identity": "an earlier boot/1"'));
    expect(await endOrphans(folder, 50)).toEqual([]);
    expect(other.exitCode).toBeNull();
    other.kill('SIGKILL');
    await once(other, 'exit');
  });

  it('takes a list that a full disk cut off for none', async () => {
    const folder = makeFolder('run');
    writeFileSync(join(folder, 'processes.json'), '[{"component":"nats');
    expect(await endOrphans(folder)).toEqual([]);
  });

  it('names what runs', () => {
    const folder = makeFolder('run');
    const list = processList(folder);
    list.add('postgres', process.pid);
    list.add('control', 1);
    list.remove(1);
    const written = JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')) as {
      component: string;
      pid: number;
    }[];
    expect(written).toMatchObject([{ component: 'postgres', pid: process.pid }]);
  });
});
