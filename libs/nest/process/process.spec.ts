import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { pathToFileURL } from 'node:url';
import { listen } from '../index.js';

/** The children run the compiled library, as an app does; of it only what they use, because loading Nest takes a second. */
const compiled = (file: string): string => pathToFileURL(`${process.cwd()}/dist/libs/nest/${file}`).href;
const imports = `
  import { requireConfiguration } from '${compiled('configuration/load.js')}';
  import { exitWithParent } from '${compiled('process/exit-with-parent.js')}';
  import { listen } from '${compiled('process/listen.js')}';
  import { runApp } from '${compiled('process/run-app.js')}';
`;

interface Line {
  readonly level: string;
  readonly msg: string;
}

class Child {
  output = '';
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(code: string, extraFds: readonly number[] = []) {
    this.process = spawn(process.execPath, ['--input-type=module', '-e', imports + code], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...extraFds],
    });
    const keep = (data: Buffer): void => {
      this.output += data.toString('utf8');
    };
    this.process.stdout!.on('data', keep);
    this.process.stderr!.on('data', keep);
    const { stdout, stderr } = this.process;
    // Not the event 'close': Node 20 never emits it after `disconnect`.
    this.ended = Promise.all([once(this.process, 'exit'), once(stdout!, 'close'), once(stderr!, 'close')]).then(
      ([[code]]) => code as number | null,
    );
    children.push(this);
  }

  /** Its next message. @throws with its output when it ends instead. */
  async message(): Promise<unknown> {
    const [message] = (await Promise.race([
      once(this.process, 'message'),
      this.ended.then(() => Promise.reject(new Error(`the child ended:\n${this.output}`))),
    ])) as [unknown];
    return message;
  }

  lines(): Line[] {
    return this.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  }
}

const children: Child[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill('SIGKILL');
    await child.ended;
  }
});

const app = (stop: string, options = '') =>
  `await runApp(async () => ({ stop: async () => { ${stop} } }), { component: 'app', ${options} });
   process.send('runApp returned');`;
const keepsRunning = 'setInterval(() => undefined, 1000);';

describe('runApp', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops in order on %s and exits with 0', async (signal) => {
    const child = new Child(keepsRunning + app(`process.send('closed');`));
    expect(await child.message()).toEqual({ type: 'ready' });
    child.process.kill(signal);
    expect(await child.message()).toBe('closed');
    expect(await child.ended).toBe(0);
    expect(child.lines().map(({ msg }) => msg)).toEqual(['stopping', 'stopped']);
  });

  it('stops in order when its parent is gone', async () => {
    const child = new Child(keepsRunning + app(`console.log('closed');`));
    await child.message();
    child.process.disconnect();
    expect(await child.ended).toBe(0);
    expect(child.output).toContain('closed');
  });

  it('waits for a start in progress before it stops what was started', async () => {
    const child = new Child(`
      await runApp(async () => {
        process.send('starting');
        await new Promise((resolve) => process.once('message', resolve));
        return { stop: async () => console.log('closed') };
      }, { component: 'app' });`);
    expect(await child.message()).toBe('starting');
    child.process.kill('SIGTERM');
    child.process.send('go on');
    expect(await child.ended).toBe(0);
    expect(child.output).toContain('closed');
  });

  it('says why it could not start in one fatal line, and exits with 1', async () => {
    const child = new Child(`await runApp(() => Promise.reject(new Error('no log')), { component: 'app' });`);
    expect(await child.ended).toBe(1);
    expect(child.lines()).toMatchObject([{ level: 'fatal', component: 'app', err: { message: 'no log' } }]);
  });

  it('names every problem of the configuration', async () => {
    const start = `() => requireConfiguration({ env: { MODELOG_PORT: 'x' }, directory: '/nowhere' })`;
    const child = new Child(`await runApp(${start}, { component: 'app' });`);
    expect(await child.ended).toBe(1);
    const [line, ...others] = child.lines();
    expect(others).toEqual([]);
    expect(line).toMatchObject({ level: 'fatal', problems: expect.any(Array) });
    for (const what of ['NATS_URL', 'DATABASE_URL', 'MODELOG_PORT', '/nowhere']) expect(line!.msg).toContain(what);
  });

  it.each([
    ['hangs', 'await new Promise(() => undefined);', 'not stopped in 100 ms'],
    ['fails', `throw new Error('still open');`, 'still open'],
  ])('exits with 1 when the stop %s', async (_what, stop, message) => {
    const child = new Child(keepsRunning + app(stop, 'stopWithinMs: 100'));
    await child.message();
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(1);
    expect(child.lines().at(-1)).toMatchObject({ level: 'fatal', err: { message } });
  });

  it('exits with 1 at a second signal', async () => {
    const child = new Child(keepsRunning + app(`process.send('stopping'); await new Promise(() => undefined);`));
    await child.message();
    child.process.kill('SIGTERM');
    expect(await child.message()).toBe('stopping');
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(1);
  });

  it.each([
    ['an uncaught error', `setImmediate(() => { throw new Error('lost'); });`],
    ['an unhandled rejection', `setImmediate(() => { void Promise.reject(new Error('lost')); });`],
  ])('turns %s into one fatal line and exit code 1', async (_what, code) => {
    const child = new Child(keepsRunning + code + app(''));
    expect(await child.ended).toBe(1);
    expect(child.lines()).toMatchObject([{ level: 'fatal', err: { message: 'lost' } }]);
  });
});

describe('exitWithParent', () => {
  it('stops and exits when the channel to the parent closes', async () => {
    const child = new Child(`${keepsRunning}
      exitWithParent(async () => console.log('closed'));
      process.send('ready');`);
    await child.message();
    child.process.disconnect();
    expect(await child.ended).toBe(0);
    expect(child.output).toContain('closed');
  });

  it('exits with 1 when the stop takes longer than its grace', async () => {
    const child = new Child(`${keepsRunning}
      exitWithParent(() => new Promise(() => undefined), 50);
      process.send('ready');`);
    await child.message();
    child.process.disconnect();
    expect(await child.ended).toBe(1);
  });
});

describe('listen', () => {
  const answering = (): Server =>
    createServer((_request, response) => {
      response.end('here');
    });

  it('binds host and port and says where', async () => {
    const server = answering();
    const { url, port } = await listen(server, { host: '127.0.0.1', port: 0 });
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await (await fetch(url)).text()).toBe('here');
    await expect(listen(answering(), { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    server.closeAllConnections();
    server.close();
  });

  it.each([
    ['a plain server', `import { createServer } from 'node:http';`, `createServer((q, r) => r.end('child'))`],
    [
      'a Fastify instance',
      `import { createRequire } from 'node:module';
       const { fastify } = createRequire('${process.cwd()}/package.json')('fastify');`,
      `fastify().get('/', async () => 'child')`,
    ],
  ])('takes over a socket that its parent has bound, for %s', async (_what, importsOfTarget, target) => {
    const holder = createTcpServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address() as { port: number };
    const { fd } = (holder as unknown as { _handle: { fd: number } })._handle;
    const child = new Child(
      `${importsOfTarget}
       process.send((await listen(${target}, { fd: 4, host: '127.0.0.1', port: 1 })).url);`,
      [fd],
    );
    const url = await child.message();
    // From here the child alone accepts.
    holder.close();
    expect(url).toBe(`http://127.0.0.1:${address.port}`);
    expect(await (await fetch(url as string)).text()).toBe('child');
  });
});
