import type { StageResult } from '#libs/contracts/index.js';
import { scanDataset } from '#libs/datasets/index.js';
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
}: JobContext): Promise<Result<StageResult, JobFailure>> {
  const located = await data.locate();
  if (!located.ok) return located;
  const { source, format } = located.value;
  const size = source.size;
  const scanned = await scanDataset(source, format, {
    onBytes: (bytes) => {
      if (size !== null) progress(bytes / Math.max(1, size));
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
