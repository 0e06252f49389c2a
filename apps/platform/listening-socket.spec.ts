import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { bindSocket } from './listening-socket.js';

const anyFree = { port: 0, variable: 'MODELOG_PORT' };

it('a port is served by whoever has the descriptor, and connections wait while nobody serves it', async () => {
  const socket = await bindSocket('127.0.0.1', anyFree);
  const serve = async (): Promise<ReturnType<typeof spawn>> => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/http-app.mjs')], {
      env: { ...process.env, MODELOG_PUBLIC_FD: '4' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', socket.descriptor],
    });
    await once(child, 'message');
    return child;
  };
  const ask = async (): Promise<number> =>
    ((await (await fetch(`http://127.0.0.1:${socket.port}`)).json()) as { pid: number }).pid;
  const first = await serve();
  expect(await ask()).toBe(first.pid);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const waiting = ask();
  const second = await serve();
  expect(await waiting).toBe(second.pid);
  second.kill('SIGKILL');
  await once(second, 'exit');
  socket.close();
});

it('a port in use and an unknown host are refused by name', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const wanted = { port, variable: 'MODELOG_GRPC_PORT' };
  await expect(bindSocket('127.0.0.1', wanted)).rejects.toMatchObject({
    code: 'port_in_use',
    message: expect.stringMatching(new RegExp(`port ${port} .*set MODELOG_GRPC_PORT$`)),
  });
  const patient = bindSocket('127.0.0.1', { ...wanted, patienceMs: 10_000 });
  taken.close();
  (await patient).close();
  await expect(bindSocket('no-such-host.invalid', anyFree)).rejects.toMatchObject({ code: 'address_unusable' });
});
