/** Windows of a deployment as they stand at a sequence of WINDOWS. */
import type { api, PerformanceMeasured, WindowClosed } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { asOf, type Queryable } from '#libs/projecting/index.js';
import { onSameWindow, placedColumns, placedView, type PlacedRow } from './window-row.js';
import { WindowsSql, type WindowsCut, type WindowsOf } from './windows-sql.js';

type DriftRow = PlacedRow &
  Pick<WindowClosed, 'sampled' | 'reference' | 'drift' | 'notes' | 'open'> &
  Pick<PerformanceMeasured, 'label_drift'>;

/** Drift of windows, the one that closed last first; one more than `limit` where there are more. */
export async function driftWindows(database: Queryable, of: WindowsOf, at: WindowsCut): Promise<api.DriftWindow[]> {
  const query = new WindowsSql(of, at);
  const { rows } = await database.query<DriftRow>(
    `select ${placedColumns}, w.sampled, w.reference, ${query.eachWithColumns('w.drift')} as drift,
            ${query.withColumns('p.label_drift')} as label_drift, w.notes, w.open
     from windows.windows w
     left join windows.performance p on ${onSameWindow} and ${asOf('$1', 'p')}
     ${query.tail}`,
    query.values,
  );
  return rows.map(({ sampled, reference, drift, label_drift, notes, open, ...row }) => ({
    ...placedView(row),
    ...{ sampled, reference, drift, label_drift, notes, open },
  }));
}

type QualityRow = PlacedRow & Pick<WindowClosed, 'reference' | 'quality' | 'notes'>;

/** Quality of windows, ordered and cut as `driftWindows`. */
export async function qualityWindows(database: Queryable, of: WindowsOf, at: WindowsCut): Promise<api.QualityWindow[]> {
  const query = new WindowsSql(of, at);
  const { rows } = await database.query<QualityRow>(
    `select ${placedColumns}, w.reference, ${query.withColumns('w.quality')} as quality, w.notes
     from windows.windows w ${query.tail}`,
    query.values,
  );
  return rows.map(({ reference, quality, notes, ...row }) => ({ ...placedView(row), reference, quality, notes }));
}

type DetectorsRow = {
  readonly model: string;
  readonly version: string;
  readonly at: number;
  readonly seq: number;
} & Pick<PerformanceMeasured, 'detectors'>;

/** What was told last of the detectors of each version, in the order of model and version. */
export async function detectorStates(
  database: Queryable,
  { deployment, version }: Pick<WindowsOf, 'deployment' | 'version'>,
  cut: number,
): Promise<api.DetectorStates[]> {
  const { rows } = await database.query<DetectorsRow>(
    `select v.model, v.version, p.at, p.valid_from_seq as seq, p.detectors
     from windows.versions v cross join lateral (
       select at, valid_from_seq, detectors from windows.performance p
       where p.deployment = v.deployment and p.model = v.model and p.version = v.version and p.valid_from_seq <= $2
       order by p.valid_from_seq desc limit 1
     ) p
     where v.deployment = $1 and ($3::text is null or v.version = $3)
     order by v.model, v.version`,
    [deployment, cut, version ?? null],
  );
  return rows.map(({ at, ...row }) => ({ ...row, at: isoTime(at) }));
}
