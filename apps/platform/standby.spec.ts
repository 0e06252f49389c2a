import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { until } from '#tests/support/wait.js';
import { Standby } from './standby.js';

const program = join(import.meta.dirname, 'fixtures/http-app.mjs');

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

function standbyOf(mode: string): { standby: Standby; launched: ChildProcess[]; waiting: Set<number> } {
  const launched: ChildProcess[] = [];
  const waiting = new Set<number>();
  const standby = new Standby({
    launch: () => {
      const child = spawn(process.execPath, [program, mode], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
      launched.push(child);
      return child;
    },
    started: (pid) => waiting.add(pid),
    ended: (pid) => waiting.delete(pid),
    logger: pino({ level: 'silent' }),
  });
  open.push(standby);
  return { standby, launched, waiting };
}

const taken = (standby: Standby): Promise<ChildProcess> =>
  until(() => standby.take({ MODELOG_INSTANCE: 'serving-7', LEFT_OUT: undefined }), { what: 'a process that waits' });

describe('a process that stands by', () => {
  it('becomes what it is told to be, and another one waits in its stead', async () => {
    const { standby, launched, waiting } = standbyOf('stands-by');
    expect(standby.take({})).toBeUndefined();
    standby.prepareIn(0);
    const child = await taken(standby);
    open.push({
      async stop() {
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    });
    expect(child.pid).toBe(launched[0]!.pid);
    expect(await once(child, 'message')).toEqual([{ type: 'ready' }, undefined]);
    expect(waiting.size).toBe(0);
    await until(() => launched.length === 2, { what: 'the next one' });
    expect([...waiting]).toEqual([launched[1]!.pid]);
  });

  it('is not handed out before its code is loaded, nor once it has ended', async () => {
    const { standby, launched, waiting } = standbyOf('never-ready');
    standby.prepareIn(0);
    await until(() => launched.length === 1, { what: 'the process' });
    expect(standby.take({})).toBeUndefined();
    launched[0]!.kill('SIGKILL');
    await until(() => waiting.size === 0, { what: 'its end to be noticed' });
    expect(standby.take({})).toBeUndefined();
  });

  it('ends with whom it stands by for', async () => {
    const { standby, launched } = standbyOf('stands-by');
    standby.prepareIn(0);
    await until(() => launched.length === 1, { what: 'the process' });
    await standby.stop();
    expect(launched[0]!.signalCode).toBe('SIGKILL');
    standby.prepareIn(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(launched).toHaveLength(1);
  });
});
