import type { api } from '#libs/contracts/index.js';
import type { DatasetRefusal, Limits } from '#libs/datasets/index.js';
import { reject, type Result } from '#libs/kernel/index.js';
import { inThread, ThreadOutOfMemory } from './in-thread.js';
import type { ProfileTask } from './profile-thread.js';

export type Profiled = Result<Map<string, api.FeatureProfile>, DatasetRefusal>;

export interface DatasetToProfile {
  /** Called when its turn has come, so that those who wait hold no bytes. */
  readonly read: () => Promise<Uint8Array>;
  readonly format: string;
  readonly limits: Partial<Limits>;
}

/** Profiles data sets of bytes, one at a time, each in a thread of its own. */
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
  try {
    return await inThread<Profiled>(program, task);
  } catch (error) {
    if (!(error instanceof ThreadOutOfMemory)) throw error;
    return reject({ reason: 'too_large', where: null, detail: error.message });
  }
}
