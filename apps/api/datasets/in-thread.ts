import { Worker } from 'node:worker_threads';
import { ModelogError } from '#libs/kernel/index.js';

/** MiB of heap for one data set. */
export const mostHeap = 1024;

export class ThreadOutOfMemory extends ModelogError {
  constructor(options: ErrorOptions) {
    super('out_of_memory', `it takes more than ${mostHeap} MiB of memory`, options);
  }
}

/**
 * The one message that a program answers with, run in a thread of its own: reading a data set takes seconds, and the event
 * loop that answers everybody else must not wait for them.
 * @param program compiled; it is given the task as `workerData`
 * @throws ThreadOutOfMemory; ModelogError `profile_failed` when the thread fails for a reason of its own
 */
export async function inThread<Answer>(program: string, task: unknown): Promise<Answer> {
  const worker = new Worker(program, {
    ...{ workerData: task, execArgv: [], env: {} },
    resourceLimits: { maxOldGenerationSizeMb: mostHeap },
  });
  try {
    return await new Promise<Answer>((resolve, fail) => {
      worker.once('message', resolve);
      worker.once('error', fail);
      worker.once('exit', (code) => {
        fail(new Error(`it ended with ${code} and no answer`));
      });
    });
  } catch (error) {
    if (isOutOfMemory(error)) throw new ThreadOutOfMemory({ cause: error });
    throw new ModelogError('profile_failed', 'the thread that profiles a data set failed', { cause: error });
  } finally {
    await worker.terminate();
  }
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
