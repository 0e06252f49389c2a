import type { StageResult } from '#libs/contracts/index.js';
import { scanApart } from '#libs/datasets/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { unreadable } from '../data/job-dataset.js';
import type { JobFailure } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import { storeJson } from './stored-json.js';

/** What the data set is: its digest, schema and profile, in one pass of bounded memory. */
export async function ingest({
  spec,
  data,
  options,
  log,
  progress,
  signal,
}: JobContext): Promise<Result<StageResult, JobFailure>> {
  const located = await data.locate();
  if (!located.ok) return located;
  const { source, format } = located.value;
  const scanned = await scanApart(source.file, format, {
    signal,
    // Columns that turn out to be text are read twice.
    onBytes: (bytes) => {
      progress(Math.min(1, bytes / Math.max(1, source.size)));
    },
  });
  if (!scanned.ok) return reject(unreadable(scanned.rejection));
  const { schema, ...profile } = scanned.value;
  const { digest, bytes, rows } = profile;
  const { digest: asked } = spec.dataset;
  if (asked !== null && asked !== digest) {
    const { name, version } = spec.dataset;
    const message = `${name ?? 'the data set'}@${version ?? '?'} has other bytes now: expected ${asked}, found ${digest}`;
    return reject({ code: 'dataset_changed', message });
  }
  log.info(`${rows} rows, ${schema.columns.length} columns, ${bytes} bytes of ${format}, ${digest}`);
  return accept({
    stage: 'ingest',
    ...{ digest, format, bytes, rows, schema },
    profile: await storeJson(options.artifacts, profile),
  });
}
