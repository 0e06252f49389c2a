import { Worker } from 'node:worker_threads';
import type { TrainingContext } from '../model.js';
import type { ThreadMessage, ThreadPart } from './tree-thread.js';

/** Node 20 runs compiled programs only. */
const compiled = new URL('./tree-thread.js', import.meta.url);

/**
 * Runs each part in a thread of its own until `take` says that it has all it needs. No thread is left behind, whatever
 * happens.
 * @throws the signal's reason; what `take` throws; what ended a thread.
 */
export async function inThreads(
  parts: readonly ThreadPart[],
  { program, signal }: TrainingContext,
  take: (message: ThreadMessage) => boolean,
): Promise<void> {
  signal?.throwIfAborted();
  const threads = parts.map((part) => new Worker(program ?? compiled, { workerData: part, execArgv: [], env: {} }));
  const stop = new AbortController();
  try {
    await new Promise<void>((resolve, fail) => {
      const end = (reason: unknown) => {
        fail(reason instanceof Error ? reason : new Error('the training was ended', { cause: reason }));
      };
      const aborted = () => {
        end(signal!.reason);
      };
      signal?.addEventListener('abort', aborted, { signal: stop.signal });
      for (const thread of threads) {
        thread.on('message', (message: ThreadMessage) => {
          try {
            if (take(message)) resolve();
          } catch (error) {
            end(error);
          }
        });
        thread.once('error', fail);
        thread.once('exit', (code) => {
          fail(new Error(`a thread of a training ended with ${code} and no result`));
        });
      }
    });
  } finally {
    stop.abort();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
