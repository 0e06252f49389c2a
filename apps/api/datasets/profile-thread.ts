/** A thread of its own: profiles one data set, given as `workerData`, and answers with one message. */
import { parentPort, workerData } from 'node:worker_threads';
import { baselineFormat } from '#libs/contracts/index.js';
import { profileOf, type Limits } from '#libs/datasets/index.js';
import { trainedProfiles } from './trained-baseline.js';

/** What the thread is given; the bytes are its own. */
export interface ProfileTask {
  readonly bytes: Uint8Array;
  readonly format: string;
  readonly limits: Partial<Limits>;
}

const { bytes, format, limits } = workerData as ProfileTask;
parentPort!.postMessage(format === baselineFormat ? trainedProfiles(bytes) : profileOf(bytes, format, { limits }));
