import { driftBaseline, type api, type ColumnProfile } from '#libs/contracts/index.js';
import { accept, reject } from '#libs/kernel/index.js';
import type { Profiled } from './dataset-profiler.js';

/** Most frequent values of a column that a comparison shows. */
const shownValues = 10;

/** Its rows are of no use here: they are not looked at. */
const profiled = driftBaseline.pick({ version: true, features: true });

/** The features of a training job's baseline, profiled by the job; or that it is none. */
export function trainedProfiles(bytes: Uint8Array): Profiled {
  const parsed = profiled.safeParse(json(bytes));
  if (parsed.success) return accept(new Map(parsed.data.features.map((column) => [column.name, profileOf(column)])));
  const { path, message } = parsed.error.issues[0]!;
  const where = path.length === 0 ? null : path.join('.');
  const what = `expected a baseline as a training job writes it: ${message}`;
  return reject({ reason: 'malformed', where, detail: where === null ? what : `${where}: ${what}` });
}

const profileOf = ({ count, missing, distinct, numeric, top }: ColumnProfile): api.FeatureProfile => ({
  ...{ rows: count, missing, distinct },
  numeric: numeric && {
    mean: numeric.mean,
    standard_deviation: numeric.sd ?? 0,
    min: numeric.min,
    q25: numeric.quantiles.p25,
    median: numeric.quantiles.p50,
    q75: numeric.quantiles.p75,
    max: numeric.max,
  },
  top: top.slice(0, shownValues),
});

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
