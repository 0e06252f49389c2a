/** Run by artifacts.soak.ts: puts an artifact of `size` bytes, opens it, and measures its own memory meanwhile. */
import { createCipheriv, createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openArtifactStore } from '#libs/artifacts/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { connectNats, createLogger } from '#libs/nest/index.js';

const [url = '', size = '0'] = process.argv.slice(2);
const logger = createLogger({ component: 'artifacts-stream', instance: 'soak', level: 'warn' });

const connection = await connectNats({ url, name: 'artifacts-stream', logger });
const store = await openArtifactStore({ connection, replicas: 1, clock: systemClock });
await store.put(madeBytes(8 * 1024 * 1024));

const { result, ...put } = await measured(() => store.put(madeBytes(Number(size))));
const { result: digest, ...get } = await measured(async () => {
  const hash = createHash('sha256');
  let n = 0;
  for await (const part of (await store.open(result.digest)).stream) {
    hash.update(part as Uint8Array);
    // A reader slower than the server: what is not taken must not pile up.
    if ((n += 1) % 8 === 0) await pause(5);
  }
  return `sha256:${hash.digest('hex')}`;
});

process.send?.({ put: { digest: result.digest, ...put }, get: { digest, ...get } });
await connection.close();
process.disconnect();

function* chunksOf(total: number): Generator<Uint8Array> {
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, total % 251), Buffer.alloc(16));
  const zeros = Buffer.alloc(65_536);
  for (let left = total; left > 0; left -= zeros.length) {
    yield stream.update(zeros.subarray(0, Math.min(left, zeros.length)));
  }
}

async function* madeBytes(total: number): AsyncGenerator<Uint8Array> {
  for (const bytes of chunksOf(total)) {
    await Promise.resolve();
    yield bytes;
  }
}

/** Runs the work and samples resident memory every 20 ms; what was there before does not count. */
async function measured<T>(work: () => Promise<T>): Promise<{ result: T; grownBytes: number; seconds: number }> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const begun = systemClock.monotonic();
  try {
    const result = await work();
    const seconds = (systemClock.monotonic() - begun) / 1000;
    return { result, grownBytes: Math.max(peak, process.memoryUsage.rss()) - before, seconds };
  } finally {
    clearInterval(sampler);
  }
}
