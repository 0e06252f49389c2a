import { fork } from 'node:child_process';
import { reject, type Result } from '#libs/kernel/index.js';
import type { DataFormat } from '#libs/contracts/index.js';
import type { DatasetRefusal } from '../refusal.js';
import type { ScannedDataset, ScanOptions } from './scan-dataset.js';
import type { ScanReply, ScanTask } from './scan-process.js';

export interface ScanApartOptions extends ScanOptions {
  /** The compiled scan-process: Node 20 runs compiled programs only. */
  readonly program?: string | URL;
  /** Milliseconds that it may take (default: as many as it takes). */
  readonly timeoutMs?: number;
  /** MiB of heap that it may take (default: 1,024). */
  readonly heap?: number;
  readonly signal?: AbortSignal;
}

type Scanned = Result<ScannedDataset, DatasetRefusal>;

const compiled = new URL('./scan-process.js', import.meta.url);

/** How a process ends that asks for more memory than one array can have, or than its heap holds. */
const outOfMemorySignals: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV']);

/**
 * `scanDataset` of a file, in a process of its own: a file that is made to harm may keep its reader busy for ever, or have it
 * ask for an array so large that Node ends the whole process, whatever thread asked.
 * @returns also `too_large` for what takes more than `heap`, or longer than `timeoutMs`.
 * @throws what `signal` was aborted with; an Error when the process fails for a reason of its own.
 */
export async function scanApart(file: string, format: DataFormat, options: ScanApartOptions = {}): Promise<Scanned> {
  const { program = compiled, timeoutMs, heap = 1024, signal, onBytes } = options;
  signal?.throwIfAborted();
  // Nothing of this process's environment is the file's business.
  const child = fork(program, [], { execArgv: [], env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const ended = new AbortController();
  try {
    return await new Promise<Scanned>((resolve, fail) => {
      const failed = (what: string): void => {
        fail(new Error(`the process that scans a data set ${what}`));
      };
      const aborted = (): void => {
        fail(signal!.reason as Error);
      };
      signal?.addEventListener('abort', aborted, { signal: ended.signal });
      if (timeoutMs !== undefined) {
        const timer = setTimeout(() => {
          resolve(tooLarge(`reading it takes more than ${timeoutMs / 1000} s`));
        }, timeoutMs);
        ended.signal.addEventListener('abort', () => {
          clearTimeout(timer);
        });
      }
      child.on('message', (reply: ScanReply) => {
        if (reply.kind === 'bytes') onBytes?.(reply.bytes);
        else if (reply.kind === 'done') resolve(reply.scanned);
        else if (reply.kind === 'out_of_memory') resolve(tooMuchMemory(heap));
        else failed(`failed: ${reply.message}`);
      });
      child.on('error', fail);
      child.once('exit', (code, by) => {
        if (outOfMemorySignals.has(by)) resolve(tooMuchMemory(heap));
        else failed(`ended with ${code ?? by} and no answer`);
      });
      const task: ScanTask = { file, format, heap };
      child.send(task, (error) => {
        if (error !== null) fail(error);
      });
    });
  } finally {
    ended.abort();
    child.kill('SIGKILL');
  }
}

const tooLarge = (detail: string): Scanned => reject({ reason: 'too_large', where: null, detail });

const tooMuchMemory = (heap: number): Scanned => tooLarge(`reading it takes more than ${heap} MiB of memory`);
