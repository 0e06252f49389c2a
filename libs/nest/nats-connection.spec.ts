import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNats } from '#tests/support/nats.js';
import { until } from '#tests/support/wait.js';
import { connectNats, createLogger, NatsConnectFailed } from './index.js';

const lines: string[] = [];
const logger = createLogger({
  ...{ component: 'test', instance: 'test', level: 'info' as const },
  destination: { write: (line) => lines.push(line) },
});

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

describe('connectNats', () => {
  it('takes user and password from the URL, and comes back after the server was killed', async () => {
    const connection = await connectNats({ url: server.url, name: 'spec', logger });
    await server.kill();
    await until(() => lines.some((line) => line.includes('NATS is disconnected')), { what: 'the loss to be logged' });
    await server.restart();
    await until(() => lines.some((line) => line.includes('NATS is connected again')), { what: 'the reconnection' });
    expect(await connection.rtt()).toBeGreaterThanOrEqual(0);
    await connection.close();
  });

  it('fails at once for a wrong password, and tells no password', async () => {
    const url = new URL(server.url);
    url.password = 'hunter2';
    const connecting = connectNats({ url: url.href, name: 'spec', logger });
    await expect(connecting).rejects.toThrow(NatsConnectFailed);
    await expect(connecting).rejects.toThrow(/refuses the user/);
    await expect(connecting).rejects.not.toThrow(/hunter2/);
  });

  it('fails in time where nothing listens, and for what is no URL', async () => {
    const url = 'nats://me:hunter2@127.0.0.1:1';
    const connecting = connectNats({ url, name: 'spec', logger, timeoutMs: 150 });
    await expect(connecting).rejects.toThrow('NATS at 127.0.0.1:1: no connection within 150 ms');
    await expect(connectNats({ url: 'nats://[', name: 'spec', logger })).rejects.toThrow('it is not a URL');
  });
});
