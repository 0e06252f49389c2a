import type { z } from 'zod';
import { rejection, type api, type Rejection, type StageResult } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import {
  cursorOf,
  pageOf,
  readCursor,
  readSearch,
  type ProjectionReader,
  type ReadAt,
  type SearchAt,
} from '#libs/projecting/index.js';
import {
  datasetExists,
  datasetsBehind,
  versionsOf,
  type DatasetSummary,
  type DatasetVersion,
} from './read/datasets.js';
import { findJobs, searchedJobs, type JobsOf } from './read/find-jobs.js';
import { jobAt, jobSummaries } from './read/jobs.js';

export interface Page<Item> {
  readonly items: Item[];
  readonly next_cursor: string | null;
  readonly as_of_seq: number;
}

export interface ListAt extends ReadAt {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** `status` and `model` narrow the list beside its filter. */
export type JobsAt = SearchAt & JobsOf;

export type DatasetView = z.infer<typeof api.datasetView>;
export type OneDatasetVersion = DatasetVersion & { readonly dataset: string; readonly as_of_seq: number };

export interface JobAt {
  /** Without its trials: they are not in the log. */
  readonly view: api.JobView;
  /** What the stages left that had finished then, in their order. */
  readonly results: readonly StageResult[];
}

/**
 * Reads of training jobs and data sets, each at any past moment. Every method may also refuse as `ProjectionReader.read`
 * does; a page's cursor goes on at the moment of the first page.
 */
export class TrainingQueries {
  constructor(private readonly reader: ProjectionReader) {}

  /** One job; or `job_not_found`. */
  getJob(id: string, at: ReadAt = {}): Promise<Result<JobAt, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const found = await jobAt(database, id, seq);
      return found === undefined
        ? reject(rejection('job_not_found', `no training job has the id ${id} as of ${seq}`))
        : accept(found);
    });
  }

  /** Jobs, by default the newest first. Also refuses with `invalid_filter`, `invalid_order`, `invalid_cursor`. */
  async listJobs({ status, model, ...at }: JobsAt): Promise<Result<Page<api.JobSummary>, Rejection>> {
    const of = { status, model };
    const asked = readSearch(searchedJobs(of), at);
    if (!asked.ok) return asked;
    return this.reader.read(asked.value.moment, async (database, seq) => {
      const { rows, next_cursor } = pageOf(asked.value, await findJobs(database, asked.value, of, seq), seq);
      const ids = rows.map(({ job_id }) => job_id);
      return accept({ items: await jobSummaries(database, ids, seq), next_cursor, as_of_seq: seq });
    });
  }

  /** A data set with its versions in order of registration; or `dataset_not_found`. */
  getDataset(dataset: string, at: ReadAt = {}): Promise<Result<DatasetView, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const versions = await versionsOf(database, dataset, seq);
      // A data set is there from its first version on.
      return versions.length === 0 ? reject(noDataset(dataset, seq)) : accept({ dataset, versions, as_of_seq: seq });
    });
  }

  /** One version; or `dataset_not_found`, `dataset_version_not_found`. */
  getDatasetVersion(dataset: string, version: string, at: ReadAt = {}): Promise<Result<OneDatasetVersion, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const [found] = await versionsOf(database, dataset, seq, version);
      if (found !== undefined) return accept({ dataset, ...found, as_of_seq: seq });
      return reject(
        (await datasetExists(database, dataset, seq))
          ? rejection('dataset_version_not_found', `${dataset} has no version ${version} as of ${seq}`)
          : noDataset(dataset, seq),
      );
    });
  }

  /** Data sets in order of their names; or `invalid_cursor`. */
  async listDatasets({ limit, cursor, ...at }: ListAt): Promise<Result<Page<DatasetSummary>, Rejection>> {
    const from = cursor === undefined ? undefined : readCursor('datasets', cursor);
    if (from !== undefined && !from.ok) return from;
    const moment: ReadAt = from === undefined ? at : { as_of: { seq: from.value.seq } };
    return this.reader.read(moment, async (database, seq) => {
      const found = await datasetsBehind(database, from?.value.after ?? '', seq, limit + 1);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const next_cursor =
        found.length > limit && last !== undefined ? cursorOf({ list: 'datasets', seq, after: last.dataset }) : null;
      return accept({ items, next_cursor, as_of_seq: seq });
    });
  }

  /** The log's time at a sequence that an answer was of, milliseconds since the epoch. */
  logTimeAt(seq: number): Promise<number> {
    return this.reader.logTimeAt(seq);
  }
}

const noDataset = (name: string, seq: number): Rejection =>
  rejection('dataset_not_found', `no data set is named '${name}' as of ${seq}`);
