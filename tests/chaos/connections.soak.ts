import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { until } from '#tests/support/wait.js';
import { casesOf, deployFixture, post, type FixtureCases } from '#tests/support/fixture-model.js';

let platform: PlatformHandle;
let wine: FixtureCases;

beforeAll(async () => {
  platform = await startPlatform();
  wine = await casesOf('forest-plain');
  await deployFixture(platform.url, 'forest-plain', 'wine');
}, 120_000);

afterAll(() => platform.stop());

type Heard = Socket & { text: string };

/** Needs as many open files in this process (`ulimit -n`): EMFILE where there are fewer. */
async function open(port: number): Promise<Heard> {
  const socket = Object.assign(connect(port, '127.0.0.1'), { text: '' });
  socket.setEncoding('utf8').on('data', (data) => (socket.text += String(data)));
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

async function openMany(count: number, port: number): Promise<Heard[]> {
  const sockets: Heard[] = [];
  while (sockets.length < count)
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(250, count - sockets.length) }, () => open(port)))),
    );
  return sockets;
}

const predict = (at: number): Promise<{ prediction_id: string }> =>
  post(platform.url, '/api/predict', { deployment: 'wine', input: wine.rows[at % wine.rows.length] });

describe('connections that do nothing', () => {
  it.each([
    ['over HTTP', () => platform.port],
    ['over gRPC', () => Number(platform.grpcAddress.split(':')[1])],
  ])(
    '10,000 of them %s are held, and predictions beside them are answered',
    async (_what, port) => {
      const idle = await openMany(10_000, port());
      const ids = new Set<string>();
      for (let at = 0; at < 200; at++) ids.add((await predict(at)).prediction_id);
      expect(ids.size).toBe(200);
      const told = idle.filter(({ text, closed }) => closed || text !== '').map(({ text }) => text.split('\r\n')[0]);
      expect(told).toEqual([]);
      for (const socket of idle) socket.destroy();
    },
    120_000,
  );

  it('a client that sends one byte a minute is told that its time is over', async () => {
    const slow = await open(platform.port);
    const head =
      'POST /api/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n';
    slow.write(`${head}{`);
    await until(() => slow.closed, { what: 'the connection to be closed', timeoutMs: 55_000 });
    expect(slow.text).toMatch(/^HTTP\/1\.1 408 /);
    expect((await predict(0)).prediction_id).toBeTruthy();
  }, 120_000);
});
