import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { makeFolder } from '#tests/support/run-folder.js';
import { until } from '#tests/support/wait.js';
import { Standby } from './standby.js';

const program = join(import.meta.dirname, 'fixtures/http-app.mjs');

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

function standbyOf(...args: string[]): { standby: Standby; launched: ChildProcess[]; waiting: Set<number> } {
  const launched: ChildProcess[] = [];
  const waiting = new Set<number>();
  const standby = new Standby({
    launch: () => {
      const child = spawn(process.execPath, [program, ...args], {
        env: { ...process.env, MODELOG_STANDBY: '1' },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
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

/** It is its own from then on; ended with the test. */
async function taken(standby: Standby): Promise<ChildProcess> {
  const child = await until(() => standby.take({ MODELOG_INSTANCE: 'serving-7', LEFT_OUT: undefined }), {
    what: 'a process that waits',
  });
  open.push({
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  });
  return child;
}

const saidStandby = (child: ChildProcess): Promise<unknown> => once(child, 'message');

describe('a process that stands by', () => {
  it('becomes what it is told to be, and another one waits in its stead', async () => {
    const { standby, launched, waiting } = standbyOf('stands-by');
    expect(standby.take({})).toBeUndefined();
    standby.prepareIn(0);
    await until(() => launched.length === 1, { what: 'the process' });
    await saidStandby(launched[0]!);
    const child = await taken(standby);
    expect(child.pid).toBe(launched[0]!.pid);
    expect(await once(child, 'message')).toEqual([{ type: 'ready' }, undefined]);
    await until(() => launched.length === 2, { what: 'the next one' });
    expect([...waiting]).toEqual([launched[1]!.pid]);
  });

  it('is taken while it loads, becomes what it is told once it has, and the next one starts soon', async () => {
    const gate = join(makeFolder('standby'), 'loaded');
    const { standby, launched, waiting } = standbyOf('loads-until', gate);
    standby.prepareIn(0);
    const first = await taken(standby);
    const second = await taken(standby);
    expect([first.pid, second.pid]).toEqual(launched.slice(0, 2).map(({ pid }) => pid));
    await until(() => launched.length === 3, { what: 'the next one' });
    expect([...waiting]).toEqual([launched[2]!.pid]);
    const said = [first, second].map(async (child) => {
      const messages: unknown[] = [];
      child.on('message', (message) => messages.push(message));
      await until(() => messages.length >= 2, { what: 'it to be ready' });
      return messages.slice(0, 2);
    });
    writeFileSync(gate, '');
    expect(await Promise.all(said)).toEqual(Array(2).fill([{ type: 'standby' }, { type: 'ready' }]));
  });

  it('that ends after it was taken is its new owner’s to follow: the next one waits on', async () => {
    const gate = join(makeFolder('standby'), 'loaded');
    const { standby, launched, waiting } = standbyOf('loads-until', gate);
    standby.prepareIn(0);
    const first = await taken(standby);
    await until(() => launched.length === 2, { what: 'the next one' });
    const ended = once(first, 'exit');
    first.kill('SIGKILL');
    await ended;
    expect([...waiting]).toEqual([launched[1]!.pid]);
    expect((await taken(standby)).pid).toBe(launched[1]!.pid);
  });

  it('is not handed out once it has ended, nor when none could be started', async () => {
    const { standby, launched, waiting } = standbyOf('stands-by');
    standby.prepareIn(0);
    await until(() => launched.length === 1, { what: 'the process' });
    launched[0]!.kill('SIGKILL');
    await until(() => waiting.size === 0, { what: 'its end to be noticed' });
    expect(standby.take({})).toBeUndefined();

    const reasons: unknown[] = [];
    const starts = [
      () => spawn(join(makeFolder('standby'), 'no-such-program'), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }),
      () => {
        throw new Error('no memory for a process');
      },
    ];
    for (const launch of starts) {
      const none = new Standby({
        launch,
        started: () => undefined,
        ended: () => undefined,
        logger: { warn: (fields: unknown) => reasons.push(fields) },
      });
      open.push(none);
      none.prepareIn(0);
      await until(() => reasons.length > 0, { what: 'the reason' });
      expect(none.take({})).toBeUndefined();
      expect(reasons.splice(0)).toEqual([{ reason: expect.stringMatching(/ENOENT|no memory/) }]);
    }
  });

  it('ends with whom it stands by for', async () => {
    const { standby, launched } = standbyOf('stands-by');
    standby.prepareIn(0);
    await until(() => launched.length === 1, { what: 'the process' });
    await standby.stop();
    expect(launched[0]!.signalCode).toBe('SIGKILL');
    expect(standby.take({})).toBeUndefined();
    standby.prepareIn(0);
    // Timers of one length run in the order in which they were set.
    await new Promise((resolve) => void setTimeout(resolve, 0));
    expect(launched).toHaveLength(1);
  });
});
