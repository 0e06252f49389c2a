import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openArtifactStore } from '#libs/artifacts/index.js';
import { sha256Hex, systemClock } from '#libs/kernel/index.js';
import { connectNats, createLogger } from '#libs/nest/index.js';
import { startNats, startNatsCluster } from '#tests/support/nats.js';

const size = 200 * 1024 * 1024;
const memoryBound = 64 * 1024 * 1024;

/** What the child tells of each way: the digest it saw, and by how much its resident memory grew at most. */
interface Streamed {
  readonly digest: string;
  readonly grownBytes: number;
  readonly seconds: number;
}

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

describe('an artifact of 200 MB', () => {
  it('is streamed both ways in bounded memory, in a process of its own', async () => {
    const child = fork('dist/tests/integration/artifacts-stream.js', [server.url, String(size)], {
      execArgv: ['--expose-gc'],
    });
    const [{ put, get }] = (await once(child, 'message')) as [{ put: Streamed; get: Streamed }];
    console.log(JSON.stringify({ put, get }));
    expect(get.digest).toBe(put.digest);
    expect(put.grownBytes).toBeLessThan(memoryBound);
    expect(get.grownBytes).toBeLessThan(memoryBound);
  }, 120_000);
});

describe('three replicas', () => {
  it('give back what was put after any one server is killed', async () => {
    const servers = await startNatsCluster(3);
    const url = servers.map((each) => each.url).join(',');
    const logger = createLogger({ component: 'artifacts', instance: 'soak', level: 'silent' });
    const connection = await connectNats({ url, name: 'artifacts.soak', logger });
    try {
      const store = await openArtifactStore({ connection, replicas: 3, clock: systemClock });
      const bytes = Buffer.alloc(5 * 1024 * 1024, 'three copies');
      for (const each of servers) {
        const { digest } = await store.put(oneByOne(bytes));
        expect(digest).toBe(`sha256:${sha256Hex(bytes)}`);
        await each.kill();
        expect(bytes.equals(await store.read(digest, { maxBytes: bytes.length }))).toBe(true);
        bytes[0]! += 1;
        await store.put(oneByOne(bytes));
        await each.restart();
      }
    } finally {
      await connection.close();
      for (const each of servers) await each.stop();
    }
  }, 120_000);
});

async function* oneByOne(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 100_000) {
    await Promise.resolve();
    yield bytes.subarray(from, from + 100_000);
  }
}
