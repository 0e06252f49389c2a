/** Where data sets may lie: inside their folder, or behind a URL that the configuration allows. */
import { access } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { DataFormat, DatasetSource } from '#libs/contracts/index.js';
import { checkUrl, formatOf, openDataFile } from '#libs/datasets/index.js';
import type { AppliedConfiguration } from '../configuration/apply-configuration.js';
import { refused } from '../training/refused.js';
import { tokens } from '../tokens.js';
import { datasetProblem } from './dataset-problem.js';

@Injectable()
export class DataLocations {
  constructor(
    @Inject(tokens.configuration) private readonly configuration: AppliedConfiguration,
    /** The data sets' folder, which may be another machine's. */
    @Inject(tokens.datasetsFolder) private readonly folder: string,
  ) {}

  /**
   * The file that a path names; null for a URL that is allowed, and where there is no data sets' folder to look into.
   * @param path where the request names the location
   * @throws ProblemException `dataset_not_allowed`, `dataset_unreadable`
   */
  async fileOf(uri: string, path: string): Promise<string | null> {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(uri)) {
      const allowed = checkUrl(uri, this.configuration.files.pipeline.training.allowed_urls);
      if (!allowed.ok) throw datasetProblem(path, allowed.rejection);
      return null;
    }
    // A folder on one system, part of a name on another.
    if (uri.includes('\\')) throw refused(path, `expected '/' between folders, found '\\'`, 'dataset_not_allowed');
    const opened = await openDataFile(this.folder, uri);
    if (opened.ok) return opened.value.file;
    if (opened.rejection.reason === 'not_found' && !(await exists(this.folder))) return null;
    throw datasetProblem(path, opened.rejection);
  }
}

/** The format that is said, or that the name tells. @throws ProblemException naming the field `format` */
export function knownFormat(source: DatasetSource, path: string): DataFormat {
  const format = source.format ?? ('uri' in source ? formatOf(source.uri) : null);
  if (format !== null) return format;
  throw refused(path, "expected csv, jsonl, parquet or arrow: the data set's name does not tell");
}

const exists = (folder: string): Promise<boolean> =>
  access(folder).then(
    () => true,
    () => false,
  );
