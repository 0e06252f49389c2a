import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ArtifactDamaged, ArtifactNotFound, type ArtifactStore } from '#libs/artifacts/index.js';
import type { DataFormat, DatasetSource } from '#libs/contracts/index.js';
import {
  fetchedSource,
  fileSource,
  formatOf,
  openDataFile,
  type DatasetRefusal,
  type DataSource,
  type FileSource,
} from '#libs/datasets/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { JobFailure } from '../job/failure.js';

export interface SourceOptions {
  readonly artifacts: ArtifactStore;
  readonly datasets: string;
  readonly allowedUrls: readonly string[];
  /** Where bytes that are not a file here are kept while the job runs. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

export interface LocatedSource {
  readonly source: FileSource;
  readonly format: DataFormat;
}

/** The bytes of a data set as something that can be read several times. */
export async function locate(from: DatasetSource, options: SourceOptions): Promise<Result<LocatedSource, JobFailure>> {
  const found = 'uri' in from ? await atUri(from.uri, options) : await ofArtifact(from.artifact, options);
  if (!found.ok) return found;
  const format = from.format ?? ('uri' in from ? formatOf(from.uri) : null);
  if (format === null) {
    const message = "the data set's format is not known by its name: give format (csv, jsonl, parquet or arrow)";
    return reject({ code: 'dataset_unreadable', message });
  }
  return accept({ source: abortable(found.value, options.signal), format });
}

async function atUri(uri: string, options: SourceOptions): Promise<Result<FileSource, JobFailure>> {
  const { datasets, allowedUrls, folder, signal } = options;
  const opened = /^https?:\/\//i.test(uri)
    ? await fetchedSource(uri, { allowed: allowedUrls, folder, signal })
    : await openDataFile(datasets, uri);
  return opened.ok ? opened : reject(unreadable(opened.rejection));
}

async function ofArtifact(
  digest: string,
  { artifacts, folder, signal }: SourceOptions,
): Promise<Result<FileSource, JobFailure>> {
  const file = join(folder, 'dataset');
  try {
    const { stream } = await artifacts.open(digest);
    await pipeline(stream, createWriteStream(file), { signal });
    return accept(await fileSource(file));
  } catch (error) {
    if (!(error instanceof ArtifactNotFound || error instanceof ArtifactDamaged)) throw error;
    return reject({ code: 'dataset_unreadable', message: error.message });
  }
}

/** A source whose streams end when the job does. */
const abortable = (source: FileSource, signal: AbortSignal): FileSource => ({
  ...source,
  async *stream() {
    for await (const piece of source.stream()) {
      signal.throwIfAborted();
      yield piece;
    }
  },
});

/** What a reader refused, as the end of a job. */
export const unreadable = ({ reason, detail }: DatasetRefusal): JobFailure => ({
  code: reason === 'not_allowed' ? 'dataset_not_allowed' : 'dataset_unreadable',
  message: detail,
});

/** `sha256:` of what a source holds now. */
export async function digestOf(source: DataSource): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of source.stream()) hash.update(piece);
  return `sha256:${hash.digest('hex')}`;
}
