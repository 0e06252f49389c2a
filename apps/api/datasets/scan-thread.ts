/** A thread of its own: scans one file, given as `workerData`, and answers with one message. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DataFormat } from '#libs/contracts/index.js';
import { fileSource, scanDataset } from '#libs/datasets/index.js';

export interface ScanTask {
  readonly file: string;
  readonly format: DataFormat;
}

const { file, format } = workerData as ScanTask;
parentPort!.postMessage(await scanDataset(await fileSource(file), format));
