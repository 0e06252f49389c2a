import { once } from 'node:events';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { pino } from 'pino';
import { connectNats } from '#libs/nest/index.js';
import { natsProgram } from '#tests/support/nats.js';
import { makeFolder, register } from '#tests/support/run-folder.js';
import { until } from '#tests/support/wait.js';
import type { AppProcess } from './apps.js';
import { createPlatform, productApps, type Platform, type PlatformOptions } from './platform.js';
import { readSettings } from './settings.js';

const program = join(import.meta.dirname, 'fixtures/http-app.mjs');
const app = (component: string, serves: AppProcess['serves'], ...args: string[]): AppProcess => ({
  component,
  serves,
  program,
  args,
});

/** Tells what it was given. */
const worker = join(import.meta.dirname, 'fixtures/worker-app.mjs');

interface Told {
  readonly instance: string;
  readonly pid: number;
  readonly ports: Readonly<Record<string, number>>;
  readonly sockets: readonly number[];
  readonly secret: string | null;
  readonly datasets: string;
}

/** What each life of the component told, in order. */
const toldBy = (folder: string, component: string): Told[] =>
  readFileSync(join(folder, 'logs', `${component}.log`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);

interface Started {
  readonly platform: Platform;
  readonly url: string;
  readonly printed: string[];
  readonly folder: string;
}

const open: Platform[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((platform) => platform.stop()));
});

async function create(
  apps: AppProcess[][],
  {
    folder = makeFolder('platform'),
    env = {},
    ...more
  }: { folder?: string; env?: NodeJS.ProcessEnv } & Pick<PlatformOptions, 'freeBytes' | 'standbyAfterMs'> = {},
): Promise<Omit<Started, 'url'>> {
  const printed: string[] = [];
  const settings = readSettings({
    MODELOG_DATA_DIR: folder,
    MODELOG_PORT: '0',
    MODELOG_NATS_SERVER: await natsProgram(),
    ...env,
  });
  const platform = createPlatform({
    settings,
    apps,
    ...more,
    output: { print: (line) => printed.push(line), appLine: () => undefined, logger: pino({ level: 'silent' }) },
  });
  open.push(platform);
  return { platform, printed, folder };
}

async function start(...args: Parameters<typeof create>): Promise<Started> {
  const created = await create(...args);
  const url = await created.platform.start();
  for (const { pid, component } of processesOf(created.folder)) register(pid, component);
  return { ...created, url };
}

const processesOf = (folder: string): { component: string; pid: number }[] =>
  JSON.parse(readFileSync(join(folder, 'run/processes.json'), 'utf8')) as { component: string; pid: number }[];

const pidOf = (folder: string, component: string): number | undefined =>
  processesOf(folder).find((each) => each.component === component)?.pid;

interface Connection {
  readonly nats_url: string;
  readonly database_url: string;
  readonly public_url: string;
  readonly grpc_address: string;
}

const connectionFile = (folder: string): Connection =>
  JSON.parse(readFileSync(join(folder, 'run/connection.json'), 'utf8')) as Connection;

interface Asked {
  readonly pid: number;
  readonly instance: string;
  readonly lastExit?: string;
}

const ask = async (url: string): Promise<Asked> =>
  (await (await fetch(url, { headers: { connection: 'close' } })).json()) as Asked;

const canQuery = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const { rowCount } = await client.query('select 1');
  await client.end();
  return rowCount === 1;
};

/** The small app asks neither server anything. */
const given = { NATS_URL: 'nats://127.0.0.1:1', DATABASE_URL: 'postgres://127.0.0.1:1/none' };

describe('the platform', () => {
  it('brings up real servers and apps, heals each, and keeps addresses and data over a restart', async () => {
    const apps = [[app('control', 'api')], [app('serving-0', 'public')]];
    const first = await start(apps);
    const addresses = connectionFile(first.folder);
    expect(statSync(join(first.folder, 'run/connection.json')).mode & 0o777).toBe(0o600);
    expect(addresses.public_url).toBe(first.url);
    expect((await ask(first.url)).instance).toBe('serving-0');
    expect(first.printed.filter((line) => line.startsWith('No authentication'))).toHaveLength(1);
    expect(first.printed.filter((line) => line.includes('ready in')).map((line) => line.split(' ')[0])).toEqual([
      ...(first.printed.findIndex((line) => line.startsWith('nats-server  ready')) <
      first.printed.findIndex((line) => line.startsWith('postgres'))
        ? ['nats-server', 'postgres']
        : ['postgres', 'nats-server']),
      'control',
      'serving-0',
    ]);

    for (const component of ['nats-server', 'postgres', 'serving-0']) {
      const before = pidOf(first.folder, component)!;
      process.kill(before, 'SIGKILL');
      const after = await until(
        () => {
          const pid = pidOf(first.folder, component);
          return pid !== before && pid;
        },
        { what: `${component} to run again` },
      );
      register(after, component);
    }
    await until(() => canQuery(addresses.database_url), { what: 'PostgreSQL to answer again' });
    const connection = await connectNats({
      url: addresses.nats_url,
      name: 'spec',
      logger: pino({ level: 'silent' }),
    });
    await connection.close();
    expect((await ask(first.url)).pid).toBe(pidOf(first.folder, 'serving-0'));

    const pids = processesOf(first.folder).map(({ pid }) => pid);
    await first.platform.stop();
    expect(processesOf(first.folder)).toEqual([]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');

    const second = await start(apps, { folder: first.folder });
    const { nats_url, database_url } = connectionFile(first.folder);
    expect({ nats_url, database_url }).toEqual({ nats_url: addresses.nats_url, database_url: addresses.database_url });
    expect(second.printed.join('\n')).not.toContain('killed run');
  }, 60_000);

  it('refuses a data folder and a port that are taken, and an app that cannot start, each by name', async () => {
    const { url, folder } = await start([[app('serving-0', 'public')]], { env: given });
    const sameFolder = await create([], { folder });
    await expect(sameFolder.platform.start()).rejects.toThrow(`is used by another Modelog (process ${process.pid})`);
    const samePort = await create([], { env: { ...given, MODELOG_PORT: new URL(url).port } });
    await expect(samePort.platform.start()).rejects.toThrow(/port \d+ of 127\.0\.0\.1 is in use.*MODELOG_PORT/);
    const { grpc_address: grpc } = connectionFile(folder);
    const sameGrpc = await create([], { env: { ...given, MODELOG_GRPC_PORT: new URL(`http://${grpc}`).port } });
    await expect(sameGrpc.platform.start()).rejects.toThrow(/port \d+ of 127\.0\.0\.1 is in use.*MODELOG_GRPC_PORT/);
    const broken = await create([[app('serving-0', 'public', 'always-crash')]], { env: given });
    await expect(broken.platform.start()).rejects.toThrow(
      /serving-0 cannot be started \(5 tries\)[^]*this program cannot start/,
    );
    expect(processesOf(broken.folder)).toEqual([]);
    // What was running runs on.
    expect((await ask(url)).instance).toBe('serving-0');
  }, 60_000);

  it('hands each app what it serves by, and a worker that serves nothing neither a socket nor the secret', async () => {
    const secret = 'a secret of thirty-two characters or more';
    const datasets = makeFolder('sets');
    const { folder, printed } = await start(
      [
        [{ ...app('control', 'api'), program: worker }],
        [
          { ...app('serving-0', 'public'), program: worker },
          { ...app('training-1', 'none'), program: worker },
        ],
      ],
      { env: { ...given, MODELOG_AUTH_SECRET: secret, MODELOG_DATASETS_DIR: datasets } },
    );
    expect(toldBy(folder, 'control')).toMatchObject([{ ports: { MODELOG_API_FD: 4 }, sockets: [4], secret, datasets }]);
    expect(toldBy(folder, 'serving-0')).toMatchObject([
      { ports: { MODELOG_PUBLIC_FD: 4, MODELOG_GRPC_FD: 5 }, sockets: [4, 5], secret },
    ]);
    const first = pidOf(folder, 'training-1')!;
    const expected = { instance: 'training-1', ports: {}, sockets: [], secret: null, datasets };
    expect(toldBy(folder, 'training-1')).toEqual([{ ...expected, pid: first }]);
    expect(printed.filter((line) => /^training-1 +ready in/.test(line))).toHaveLength(1);

    process.kill(first, 'SIGKILL');
    const [, second] = await until(
      () => {
        const told = toldBy(folder, 'training-1');
        return told.length === 2 && told;
      },
      { what: 'the worker to run again' },
    );
    register(second!.pid, 'training-1');
    expect(second).toEqual({ ...expected, pid: pidOf(folder, 'training-1') });
    expect(second!.pid).not.toBe(first);
  }, 60_000);

  it('replaces, adds and takes away serving processes on one port without a refused request, and tells a life of the last end', async () => {
    const says = (message: object): string[] => ['says', JSON.stringify(message)];
    const { url, folder } = await start(
      [
        [app('control', 'api', ...says({ type: 'serving_processes', count: 2 }))],
        [app('serving-0', 'public', ...says({ type: 'recycle', reason: 'a test' }))],
      ],
      { env: given },
    );
    const serving = (): string[] =>
      processesOf(folder)
        .map(({ component }) => component)
        .filter((component) => component.startsWith('serving'))
        .sort();
    const answered = new Set<string>();
    let running = true;
    const client = async (): Promise<void> => {
      while (running) answered.add((await ask(url)).instance);
    };
    const clients = [client(), client()];
    const untilServing = (...components: string[]): Promise<unknown> =>
      until(() => serving().join() === components.join(), {
        what: () => `${components.join()}, not ${serving().join()}`,
      });

    process.kill(pidOf(folder, 'serving-0')!, 'SIGUSR2');
    await untilServing('serving-1');
    await until(() => answered.has('serving-1'), { what: 'an answer of the new process' });
    process.kill(pidOf(folder, 'control')!, 'SIGUSR2');
    await untilServing('serving-0', 'serving-1');
    running = false;
    await Promise.all(clients);
    expect([...answered].sort().slice(0, 2)).toEqual(['serving-0', 'serving-1']);

    for (const component of ['serving-0', 'serving-1']) process.kill(pidOf(folder, component)!, 'SIGSEGV');
    await until(async () => (await ask(url)).lastExit === 'SIGSEGV', { what: 'an answer of the life after' });
    for (const { pid, component } of processesOf(folder)) register(pid, component);
  }, 60_000);

  it('refuses connections from the moment it stops, and answers what came before', async () => {
    const { url, folder, platform } = await start([[{ ...app('serving-0', 'public', 'finishes'), standsBy: true }]], {
      env: given,
      standbyAfterMs: 0,
    });
    const standby = await until(() => pidOf(folder, 'serving-standby'), { what: 'a process that stands by' });
    register(standby, 'serving-standby');
    const held = request(url, { path: '/held', method: 'POST', headers: { connection: 'close' } });
    held.flushHeaders();
    const [response] = (await once(held, 'response')) as [IncomingMessage];

    const stopped = platform.stop();
    const outcomes = new Set<string>();
    await until(
      async () => {
        const asked = fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5_000) });
        const outcome = await asked.then(
          () => 'answered',
          (error: unknown) => (error as { cause?: { code?: string } }).cause?.code ?? 'no answer',
        );
        outcomes.add(outcome);
        return outcome === 'ECONNREFUSED';
      },
      { what: () => `a refusal, not ${[...outcomes].join()}` },
    );
    outcomes.delete('answered');
    expect([...outcomes]).toEqual(['ECONNREFUSED']);
    expect(pidOf(folder, 'serving-0')).toBeDefined();
    const ended = once(response.resume(), 'end');
    held.end();
    await ended;
    expect(response.complete).toBe(true);
    await stopped;
  }, 60_000);

  it('puts what still loads in the place of processes that are killed, and stops while one loads', async () => {
    const gate = join(makeFolder('standby'), 'loaded');
    const serving = (slot: number): AppProcess => ({
      ...app(`serving-${slot}`, 'public', 'loads-until', gate),
      standsBy: true,
    });
    const { url, folder, platform } = await start([[serving(0), serving(1)]], { env: given, standbyAfterMs: 0 });
    const standbyAfter = async (before: number | undefined): Promise<number> => {
      const pid = await until(
        () => {
          const found = pidOf(folder, 'serving-standby');
          return found !== before && found;
        },
        { what: 'the next process to stand by' },
      );
      register(pid, 'serving-standby');
      return pid;
    };
    const untilRuns = (component: string, pid: number): Promise<unknown> =>
      until(() => pidOf(folder, component) === pid, { what: `${component} to be process ${pid}` });

    const first = await standbyAfter(undefined);
    process.kill(pidOf(folder, 'serving-0')!, 'SIGKILL');
    await untilRuns('serving-0', first);
    const second = await standbyAfter(first);
    process.kill(pidOf(folder, 'serving-1')!, 'SIGKILL');
    await untilRuns('serving-1', second);
    const held = ask(url);
    const third = await standbyAfter(second);
    // One that was taken, and ends before it has become anything.
    process.kill(first, 'SIGKILL');
    await untilRuns('serving-0', third);
    await standbyAfter(third);
    writeFileSync(gate, '');
    const answered = new Map([await held].map(({ instance, pid }) => [instance, pid]));
    await until(
      async () => {
        const { instance, pid } = await ask(url);
        return answered.set(instance, pid).size === 2;
      },
      { what: 'answers of both' },
    );
    expect(Object.fromEntries(answered)).toEqual({ 'serving-0': third, 'serving-1': second });

    rmSync(gate);
    const loaded = pidOf(folder, 'serving-standby')!;
    process.kill(second, 'SIGKILL');
    await untilRuns('serving-1', loaded);
    const loading = await standbyAfter(loaded);
    process.kill(third, 'SIGKILL');
    await untilRuns('serving-0', loading);
    const pids = [loaded, loading, await standbyAfter(loading)];
    await platform.stop();
    expect(processesOf(folder)).toEqual([]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  }, 60_000);

  it('makes the folder of data sets, and starts nothing where the one that is named is missing', async () => {
    const { folder } = await start([[{ ...app('training-1', 'none'), program: worker }]], { env: given });
    expect(toldBy(folder, 'training-1')).toMatchObject([{ datasets: join(folder, 'datasets') }]);
    expect(statSync(join(folder, 'datasets')).isDirectory()).toBe(true);
    const missing = await create([], { env: { ...given, MODELOG_DATASETS_DIR: join(folder, 'none') } });
    await expect(missing.platform.start()).rejects.toThrow('MODELOG_DATASETS_DIR is');
    // Nothing of it holds the folder any more.
    await start([], { env: given, folder: missing.folder });
  }, 60_000);

  it('starts nats-server anew once a full disk has room again', async () => {
    let free = 2 ** 30;
    let looks = 0;
    const { folder } = await start([], {
      env: { DATABASE_URL: given.DATABASE_URL },
      freeBytes: () => {
        looks += 1;
        return Promise.resolve(free);
      },
    });
    const before = pidOf(folder, 'nats-server')!;
    const lookedAt = async (bytes: number): Promise<void> => {
      free = bytes;
      const seen = looks;
      await until(() => looks > seen, { what: 'a look at the disk' });
    };
    await lookedAt(2 ** 20);
    expect(pidOf(folder, 'nats-server')).toBe(before);
    await lookedAt(2 ** 30);
    const after = await until(
      () => {
        const pid = pidOf(folder, 'nats-server');
        return pid !== before && pid;
      },
      { what: 'nats-server to run again' },
    );
    register(after, 'nats-server');
  }, 60_000);

  it('says at once what to do when the passwords of a used data folder are lost', async () => {
    const env = { NATS_URL: given.NATS_URL };
    const first = await start([], { env });
    await first.platform.stop();
    rmSync(join(first.folder, 'secrets.json'));
    const again = await create([], { env, folder: first.folder });
    await expect(again.platform.start()).rejects.toMatchObject({
      code: 'postgres_password',
      message: expect.stringContaining(`move ${join(first.folder, 'postgres')} away`),
    });
    expect(processesOf(first.folder)).toEqual([]);
  }, 60_000);
});

describe('the processes of the product', () => {
  const componentsOf = (servingProcesses: number, trainingWorkers: number, monitoringProcesses: number): string[][] =>
    productApps({ servingProcesses, trainingWorkers, monitoringProcesses }).map((stage) =>
      stage.map(({ component }) => component),
    );

  it('start in stages: what serves, trains and watches comes behind the control process', () => {
    expect(componentsOf(2, 2, 1)).toEqual([
      ['control'],
      ['serving-0', 'serving-1', 'training-1', 'training-2', 'monitoring-1'],
    ]);
    expect(componentsOf(1, 0, 0)).toEqual([['control'], ['serving-0']]);
  });

  it('tell each that watches which of how many it is', () => {
    const watching = productApps({ servingProcesses: 1, trainingWorkers: 0, monitoringProcesses: 2 }).flat().slice(2);
    expect(watching.map(({ component, environment }) => [component, environment])).toEqual([
      ['monitoring-1', { MODELOG_MONITORING_PLACE: '0/2' }],
      ['monitoring-2', { MODELOG_MONITORING_PLACE: '1/2' }],
    ]);
  });

  it('serve one port each, but for those that train and watch', () => {
    const ports = productApps({ servingProcesses: 1, trainingWorkers: 1, monitoringProcesses: 1 }).flat();
    expect(ports.map(({ component, serves }) => [component, serves])).toEqual([
      ['control', 'api'],
      ['serving-0', 'public'],
      ['training-1', 'none'],
      ['monitoring-1', 'none'],
    ]);
  });
});
