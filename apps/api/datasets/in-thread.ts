import { Worker } from 'node:worker_threads';
import { ModelogError } from '#libs/kernel/index.js';

/** MiB of heap for one data set. */
export const mostHeap = 1024;

export class ThreadOutOfMemory extends ModelogError {
  constructor(options: ErrorOptions) {
    super('out_of_memory', `it takes more than ${mostHeap} MiB of memory`, options);
  }
}

export class ThreadStopped extends ModelogError {
  constructor() {
    super('stopped', 'the server stops');
  }
}

/**
 * The one message that a program answers with, run in a thread of its own: reading a data set takes seconds, and the event
 * loop that answers everybody else must not wait for them.
 * @param program compiled; it is given the task as `workerData`
 * @param signal ends it early
 * @throws ThreadOutOfMemory; ThreadStopped; ModelogError `profile_failed` when the thread fails for a reason of its own
 */
export async function inThread<Answer>(program: string, task: unknown, signal?: AbortSignal): Promise<Answer> {
  if (signal?.aborted === true) throw new ThreadStopped();
  const worker = new Worker(program, {
    ...{ workerData: task, execArgv: [], env: {} },
    resourceLimits: { maxOldGenerationSizeMb: mostHeap },
  });
  let stop = (): void => undefined;
  try {
    return await new Promise<Answer>((resolve, fail) => {
      stop = () => {
        fail(new ThreadStopped());
      };
      signal?.addEventListener('abort', stop);
      worker.once('message', resolve);
      worker.once('error', fail);
      worker.once('exit', (code) => {
        fail(new Error(`it ended with ${code} and no answer`));
      });
    });
  } catch (error) {
    if (error instanceof ThreadStopped) throw error;
    if (isOutOfMemory(error)) throw new ThreadOutOfMemory({ cause: error });
    throw new ModelogError('profile_failed', 'the thread that profiles a data set failed', { cause: error });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
