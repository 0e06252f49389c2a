/**
 * A process of its own: scans one file, given as its first message, and answers with one message. A thread of it does so,
 * that the process is heard of meanwhile, and ends when whoever started it is gone.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { DataFormat } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import type { DatasetRefusal } from '../refusal.js';
import type { ScannedDataset } from './scan-dataset.js';

export interface ScanTask {
  readonly file: string;
  readonly format: DataFormat;
  /** MiB of heap. */
  readonly heap: number;
}

export type ScanReply =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'done'; readonly scanned: Result<ScannedDataset, DatasetRefusal> }
  | { readonly kind: 'out_of_memory' }
  | { readonly kind: 'failed'; readonly message: string };

/** Between two replies that tell how far it is. */
const bytesBetween = 2 ** 23;

if (isMainThread) watch();
else await scan(workerData as ScanTask);

function watch(): void {
  const send = (reply: ScanReply): void => void process.send?.(reply);
  process.once('disconnect', () => process.exit());
  process.once('message', (task: ScanTask) => {
    const thread = new Worker(new URL(import.meta.url), {
      ...{ workerData: task, execArgv: [], env: {} },
      resourceLimits: { maxOldGenerationSizeMb: task.heap },
    });
    thread.on('message', send);
    thread.once('error', (error) => {
      if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') send({ kind: 'out_of_memory' });
      else send({ kind: 'failed', message: error.message });
    });
    thread.once('exit', (code) => {
      send({ kind: 'failed', message: `its thread ended with ${code} and no answer` });
    });
  });
}

async function scan({ file, format }: ScanTask): Promise<void> {
  // Not above: what only watches need not load it.
  const [{ fileSource }, { scanDataset }] = await Promise.all([
    import('../sources/data-source.js'),
    import('./scan-dataset.js'),
  ]);
  const send = (reply: ScanReply): void => {
    parentPort!.postMessage(reply);
  };
  let told = 0;
  const onBytes = (bytes: number): void => {
    if (bytes < told + bytesBetween) return;
    told = bytes;
    send({ kind: 'bytes', bytes });
  };
  send({ kind: 'done', scanned: await scanDataset(await fileSource(file), format, { onBytes }) });
}
