import { Worker } from 'node:worker_threads';
import type { api } from '#libs/contracts/index.js';
import type { DatasetRefusal, Limits } from '#libs/datasets/index.js';
import { ModelogError, reject, type Result } from '#libs/kernel/index.js';
import type { ProfileTask } from './profile-thread.js';

export type Profiled = Result<Map<string, api.FeatureProfile>, DatasetRefusal>;

export interface DatasetToProfile {
  /** Called when its turn has come, so that those who wait hold no bytes. */
  readonly read: () => Promise<Uint8Array>;
  readonly format: string;
  readonly limits: Partial<Limits>;
}

/** MiB of heap for one data set. */
const mostHeap = 1024;

/**
 * Profiles data sets, one at a time, each in a thread of its own: a million cells take seconds, and the event loop that
 * answers everybody else must not wait for them.
 */
export class DatasetProfiler {
  #last: Promise<unknown> = Promise.resolve();

  /** @param program the compiled profile-thread. */
  constructor(private readonly program: string) {}

  /** @throws what `read` throws; ModelogError `profile_failed` when the thread fails for a reason of its own. */
  profile({ read, format, limits }: DatasetToProfile): Promise<Profiled> {
    const turn = this.#last.then(async () => profiledBy(this.program, { bytes: await read(), format, limits }));
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

async function profiledBy(program: string, task: ProfileTask): Promise<Profiled> {
  const worker = new Worker(program, {
    ...{ workerData: task, execArgv: [], env: {} },
    resourceLimits: { maxOldGenerationSizeMb: mostHeap },
  });
  try {
    return await new Promise<Profiled>((resolve, fail) => {
      worker.once('message', resolve);
      worker.once('error', fail);
      worker.once('exit', (code) => {
        fail(new Error(`it ended with ${code} and no answer`));
      });
    });
  } catch (error) {
    if (isOutOfMemory(error))
      return reject({ reason: 'too_large', where: null, detail: `it takes more than ${mostHeap} MiB of memory` });
    throw new ModelogError('profile_failed', 'the thread that profiles a data set failed', { cause: error });
  } finally {
    await worker.terminate();
  }
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
