/** Finds out what a data set holds: its schema, profile and digest. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { rejection, type DataFormat, type DatasetSource } from '#libs/contracts/index.js';
import {
  fetchedSource,
  fileSource,
  scanDataset,
  type DatasetRefusal,
  type ScannedDataset,
} from '#libs/datasets/index.js';
import { reject, type Result } from '#libs/kernel/index.js';
import { ProblemException } from '#libs/nest/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import { Turns } from '../turns.js';
import { inThread, ThreadOutOfMemory, ThreadStopped } from './in-thread.js';
import type { ScanTask } from './scan-thread.js';

export type Scanned = Result<ScannedDataset, DatasetRefusal>;

export interface ScannerOptions {
  readonly artifacts: ArtifactStore;
  /** The compiled scan-thread. */
  readonly program: string;
  readonly allowedUrls: readonly string[];
}

/** Bytes of text that take the event loop some 10 ms, where a thread takes 300 ms to start. */
const readHere = 256 * 1024;

/** Its bytes are about as many as what they say; those of the others may be compressed. */
const isText = (format: DataFormat): boolean => format === 'csv' || format === 'jsonl';

/** Where the bytes are: in a file here, or they are brought into one for as long as they are read. */
export type BytesAt = { readonly file: string } | { readonly source: DatasetSource };

/** One data set at a time; what is not small, in a thread of its own. */
export class DatasetScanner {
  readonly #turns = new Turns('data sets wait to be read');
  readonly #stopped = new AbortController();

  constructor(private readonly options: ScannerOptions) {}

  /** No new one, and the one under way is given up. */
  stop(): void {
    this.#stopped.abort();
  }

  /** @throws ProblemException `overloaded`, `unavailable`, and of the artifact store; ModelogError `profile_failed` */
  scan(bytes: BytesAt, format: DataFormat): Promise<Scanned> {
    return this.#turns.run(async () => {
      if ('file' in bytes) return this.scanFile(bytes.file, format);
      const folder = await mkdtemp(join(tmpdir(), 'modelog-dataset-'));
      try {
        const fetched = await this.bring(bytes.source, folder);
        return fetched.ok ? await this.scanFile(join(folder, 'dataset'), format) : fetched;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }

  /** Into the file `dataset` of the folder. */
  private async bring(source: DatasetSource, folder: string): Promise<Result<unknown, DatasetRefusal>> {
    if ('uri' in source)
      return fetchedSource(source.uri, { allowed: this.options.allowedUrls, folder, signal: this.#stopped.signal });
    await orArtifactProblem('artifact', async () => {
      const { stream } = await this.options.artifacts.open(source.artifact);
      await pipeline(stream, createWriteStream(join(folder, 'dataset')));
    });
    return { ok: true, value: undefined };
  }

  private async scanFile(file: string, format: DataFormat): Promise<Scanned> {
    if (isText(format) && (await stat(file)).size <= readHere) return scanDataset(await fileSource(file), format);
    const task: ScanTask = { file, format };
    try {
      return await inThread<Scanned>(this.options.program, task, this.#stopped.signal);
    } catch (error) {
      if (error instanceof ThreadStopped) throw new ProblemException(rejection('unavailable', error.message));
      if (!(error instanceof ThreadOutOfMemory)) throw error;
      return reject({ reason: 'too_large', where: null, detail: error.message });
    }
  }
}
