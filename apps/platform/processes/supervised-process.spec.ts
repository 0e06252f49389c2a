import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/index.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { until } from '#tests/support/wait.js';
import {
  backoffMs,
  standardPolicy,
  superviseProcess,
  type EndedLife,
  type SupervisedProcess,
  type SupervisionPolicy,
} from './supervised-process.js';
import { Supervisor } from '../supervisor.js';

const program = join(import.meta.dirname, '../fixtures/http-app.mjs');
const policy: SupervisionPolicy = { ...standardPolicy, backoffMs: 1, maxBackoffMs: 10 };

interface Seen {
  readonly pids: number[];
  readonly lines: string[];
  readonly restarts: string[];
  ended: number;
}

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});

const definition = (seen: Seen, args: string[], stopGraceMs = 10_000): Parameters<typeof superviseProcess>[0] => ({
  component: 'child',
  stopSignal: 'SIGTERM',
  stopGraceMs,
  onLine: (line) => seen.lines.push(line),
  launch: () =>
    Promise.resolve(spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })),
  ready: async (child: ChildProcess, signal) => {
    await once(child, 'message', { signal });
  },
});

const newSeen = (): Seen => ({ pids: [], lines: [], restarts: [], ended: 0 });

const eventsOf = (seen: Seen): ConstructorParameters<typeof Supervisor>[0]['events'] => ({
  started: (_component, pid) => seen.pids.push(pid),
  ended: () => (seen.ended += 1),
  restarting: (_component, how) => seen.restarts.push(how),
  restarted: () => undefined,
});

function supervise(
  seen: Seen,
  args: string[],
  own: Partial<SupervisionPolicy> = {},
  stopGraceMs?: number,
): SupervisedProcess {
  const supervised = superviseProcess(definition(seen, args, stopGraceMs), {
    policy: { ...policy, ...own },
    clock: systemClock,
    events: eventsOf(seen),
  });
  running.push(supervised);
  return supervised;
}

describe('a supervised process', () => {
  it('is tried again when its first start fails', async () => {
    const seen = newSeen();
    await supervise(seen, ['crash-first', join(makeFolder('child'), 'tried')]).start();
    expect(seen.pids).toHaveLength(2);
    expect(seen.lines).toContain('the first start fails');
  });

  it('that never starts is given up with its last lines', async () => {
    const seen = newSeen();
    await expect(supervise(seen, ['always-crash'], { attempts: 3 }).start()).rejects.toMatchObject({
      code: 'component_failed',
      message: expect.stringMatching(
        /child cannot be started \(3 tries\): ended with exit code 4\n {4}this program cannot start/,
      ),
    });
    expect(seen.pids).toHaveLength(3);
  });

  it('that is never ready is ended at the time limit', async () => {
    const seen = newSeen();
    await expect(supervise(seen, ['never-ready'], { readyWithinMs: 500 }).start()).rejects.toThrow(
      /not ready within 0\.[45]\d* s/,
    );
    expect(seen.ended).toBe(seen.pids.length);
  });

  it('is restarted after a crash, and the reason is told', async () => {
    const seen = newSeen();
    await supervise(seen, ['plain']).start();
    process.kill(seen.pids[0]!, 'SIGKILL');
    await until(() => seen.pids.length === 2, { what: 'a second process' });
    expect(seen.restarts).toEqual(['ended by SIGKILL']);
  });

  it('tells the next life how it ended, and what it said then with the stack behind it', async () => {
    const seen = newSeen();
    const lives: (EndedLife | null)[] = [];
    const stack = "for (let line = 0; line < 60; line++) console.error(line); process.kill(process.pid, 'SIGABRT');";
    const program = `process.send('ready'); console.error('FATAL ERROR: no memory'); ${stack}`;
    const supervised = superviseProcess(
      {
        ...definition(seen, []),
        launch(before) {
          lives.push(before);
          const does = lives.length === 1 ? program : "process.send('ready'); setInterval(() => {}, 1000)";
          return Promise.resolve(spawn(process.execPath, ['-e', does], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }));
        },
      },
      { policy, clock: systemClock, events: eventsOf(seen) },
    );
    running.push(supervised);
    await supervised.start();
    await until(() => lives.length === 2, { what: 'the next life' });
    expect(lives).toEqual([
      null,
      { how: 'ended by SIGABRT', signal: 'SIGABRT', isUnresponsive: false, lastLines: expect.anything() },
    ]);
    expect(lives[1]!.lastLines).toContain('FATAL ERROR: no memory');
  });

  it('is killed when its watch gives it up, and the next life is told; not while it is being stopped', async () => {
    const seen = newSeen();
    const lives: (EndedLife | null)[] = [];
    const watched: ((why: string) => void)[] = [];
    let unwatched = 0;
    const plain = definition(seen, ['plain']);
    const supervised = superviseProcess(
      {
        ...plain,
        launch(before) {
          lives.push(before);
          return plain.launch(before);
        },
        watch(_child, giveUp) {
          watched.push(giveUp);
          return () => (unwatched += 1);
        },
      },
      { policy, clock: systemClock, events: eventsOf(seen) },
    );
    running.push(supervised);
    await supervised.start();
    expect(watched).toHaveLength(1);
    watched[0]!('it stood still');
    await until(() => watched.length === 2, { what: 'the next life' });
    expect(seen.restarts).toEqual(['ended by SIGKILL: it stood still']);
    expect(lives[1]).toMatchObject({ signal: 'SIGKILL', isUnresponsive: true });
    expect(unwatched).toBe(1);
    const stopped = supervised.stop();
    watched[1]!('it stops');
    await stopped;
    expect(seen.lines.filter((line) => line.includes('stopping'))).toHaveLength(1);
    expect([seen.pids.length, unwatched]).toEqual([2, 2]);
  });

  it('that has to be killed to end while it starts does nothing any more', async () => {
    const seen = newSeen();
    const lives: (EndedLife | null)[] = [];
    const deaf = definition(seen, ['ignore-term'], 1);
    const supervised = superviseProcess(
      {
        ...deaf,
        launch(before) {
          lives.push(before);
          return deaf.launch(before);
        },
        ready: async (...args) => {
          await deaf.ready(...args);
          if (lives.length === 1) throw new Error('it is not ready');
        },
      },
      { policy, clock: systemClock, events: eventsOf(seen) },
    );
    running.push(supervised);
    await supervised.start();
    expect(lives).toMatchObject([
      null,
      { how: 'ended by SIGKILL: it did not end within 0.001 s of SIGTERM', isUnresponsive: true },
    ]);
  });

  it('is not restarted once stopped, and killed when it ignores the signal', async () => {
    const seen = newSeen();
    const supervised = supervise(seen, ['ignore-term'], {}, 50);
    await supervised.start();
    await supervised.stop();
    expect(seen.ended).toBe(1);
    expect(seen.restarts).toEqual([]);
    expect(() => process.kill(seen.pids[0]!, 0)).toThrow('ESRCH');
  });

  it('can be stopped while it starts', async () => {
    const seen = newSeen();
    const supervised = supervise(seen, ['never-ready']);
    const start = expect(supervised.start()).rejects.toMatchObject({ code: 'component_stopped' });
    await until(() => seen.pids.length === 1, { what: 'the process' });
    await supervised.stop();
    await start;
    expect(seen.ended).toBe(1);
  });

  it('is not tried at all when what it needs cannot be had', async () => {
    const seen = newSeen();
    const unprepared = superviseProcess(
      { ...definition(seen, ['plain']), prepare: () => Promise.reject(new Error('no such program anywhere')) },
      { policy, clock: systemClock, events: eventsOf(seen) },
    );
    await expect(unprepared.start()).rejects.toThrow('no such program anywhere');
    expect(seen.pids).toEqual([]);
  });

  it('that cannot be run at all says why', async () => {
    const missing = superviseProcess(
      {
        ...definition(newSeen(), []),
        launch: () => Promise.resolve(spawn('/no/such/program', { stdio: ['ignore', 'pipe', 'pipe'] })),
      },
      { policy: { ...policy, attempts: 1 }, clock: systemClock, events: eventsOf(newSeen()) },
    );
    await expect(missing.start()).rejects.toThrow(/could not be run: spawn \/no\/such\/program ENOENT/);
  });
});

describe('waiting before a restart', () => {
  it('starts at once, then doubles up to the limit', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 20].map((failures) => backoffMs(failures, standardPolicy))).toEqual([
      0, 200, 400, 800, 1600, 3200, 5000, 5000,
    ]);
  });
});

describe('the supervisor', () => {
  it('stops the stages in the opposite order of their start', async () => {
    const folder = makeFolder('stages');
    const seen = newSeen();
    const supervisor = new Supervisor({ policy, clock: systemClock, events: eventsOf(seen), onReady: () => undefined });
    running.push(supervisor);
    const marks = ['first', 'second'].map((name) => join(folder, name));
    for (const [index, mark] of marks.entries()) {
      await supervisor.start([
        {
          ...definition(seen, ['plain', mark]),
          onLine: (line) => {
            if (line.includes('stopping'))
              seen.restarts.push(`stage ${index}; the other one ${existsSync(marks[1 - index]!) ? 'gone' : 'there'}`);
          },
        },
      ]);
    }
    await supervisor.stop();
    expect(seen.restarts).toEqual(['stage 1; the other one there', 'stage 0; the other one gone']);
    expect(Number(readFileSync(marks[0]!, 'utf8'))).toBeGreaterThanOrEqual(Number(readFileSync(marks[1]!, 'utf8')));
    await expect(supervisor.start([])).rejects.toMatchObject({ code: 'component_stopped' });
  });
});
