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
  scanApart,
  scanDataset,
  type DatasetRefusal,
  type ScannedDataset,
} from '#libs/datasets/index.js';
import type { Result } from '#libs/kernel/index.js';
import { ProblemException } from '#libs/nest/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import { Turns } from '../turns.js';

export type Scanned = Result<ScannedDataset, DatasetRefusal>;

export interface ScannerOptions {
  readonly artifacts: ArtifactStore;
  /** The compiled scan-process of libs/datasets. */
  readonly program: string;
  readonly allowedUrls: readonly string[];
}

/** Bytes of text that take the event loop some 10 ms, where a process takes 300 ms to start. */
const readHere = 256 * 1024;

/** Its bytes are about as many as what they say; those of the others may be compressed. */
const isText = (format: DataFormat): boolean => format === 'csv' || format === 'jsonl';

/** Where the bytes are: in a file here, or they are brought into one for as long as they are read. */
export type BytesAt = { readonly file: string } | { readonly source: DatasetSource };

/** For one data set, first to fetch it and then to read it: others wait meanwhile. */
const timeoutMs = 600_000;

/** One data set at a time; what is not small, in a process of its own. */
export class DatasetScanner {
  readonly #turns = new Turns('data sets wait to be read');
  /** Of those that are brought here first: one that is slow to come keeps nobody from a file that is here. */
  readonly #fetches = new Turns('data sets wait to be fetched');
  readonly #stopped = new AbortController();

  constructor(private readonly options: ScannerOptions) {}

  /** No new one, and the one under way is given up. */
  stop(): void {
    this.#stopped.abort();
  }

  /** @throws ProblemException `overloaded`, `unavailable`, and of the artifact store; an Error when the process fails */
  async scan(bytes: BytesAt, format: DataFormat): Promise<Scanned> {
    try {
      if ('file' in bytes) return await this.scanFile(bytes.file, format);
      return await this.#fetches.run(() => this.scanBrought(bytes.source, format));
    } catch (error) {
      if (this.#stopped.signal.aborted) throw new ProblemException(rejection('unavailable', 'the server stops'));
      throw error;
    }
  }

  private async scanBrought(source: DatasetSource, format: DataFormat): Promise<Scanned> {
    const folder = await mkdtemp(join(tmpdir(), 'modelog-dataset-'));
    try {
      const brought = await this.bring(source, folder);
      return brought.ok ? await this.scanFile(join(folder, 'dataset'), format) : brought;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Into the file `dataset` of the folder. */
  private async bring(source: DatasetSource, folder: string): Promise<Result<unknown, DatasetRefusal>> {
    const { signal } = this.#stopped;
    if ('uri' in source)
      return fetchedSource(source.uri, { allowed: this.options.allowedUrls, folder, timeoutMs, signal });
    await orArtifactProblem('artifact', async () => {
      const { stream } = await this.options.artifacts.open(source.artifact);
      await pipeline(stream, createWriteStream(join(folder, 'dataset')), { signal });
    });
    return { ok: true, value: undefined };
  }

  private scanFile(file: string, format: DataFormat): Promise<Scanned> {
    return this.#turns.run(() => this.scanInTurn(file, format));
  }

  private async scanInTurn(file: string, format: DataFormat): Promise<Scanned> {
    if (isText(format) && (await stat(file)).size <= readHere) return scanDataset(await fileSource(file), format);
    return scanApart(file, format, { program: this.options.program, signal: this.#stopped.signal, timeoutMs });
  }
}
