import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { startNats } from '#tests/support/nats.js';

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
