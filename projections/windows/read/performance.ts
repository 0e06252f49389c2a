import type { api, WindowClosed } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { asOf, type Queryable } from '#libs/projecting/index.js';
import { basisColumns, basisView, onSameWindow, type BasisRow } from './window-row.js';

export interface VersionPlace {
  readonly deployment: string;
  readonly model: string;
  readonly version: string;
}

export interface PerformanceOf {
  readonly versions: readonly VersionPlace[];
  /** Windows whose last row lies from `from` on and before `to`, milliseconds since the epoch. */
  readonly from: number;
  readonly to: number | undefined;
  /** Most windows of a version: the newest. */
  readonly most: number;
}

export interface VersionPerformance {
  /** Oldest first. */
  readonly windows: readonly api.PerformanceWindow[];
  /** Older ones of the span that are not told. */
  readonly leftOut: number;
}

type PerformanceRow = BasisRow &
  Pick<WindowClosed, 'estimated'> & {
    readonly place: number;
    /** Of the version's windows in the span. */
    readonly found: number;
    readonly measured: (Omit<NonNullable<api.PerformanceWindow['measured']>, 'at'> & { readonly at: number }) | null;
  };

/** Windows `v` of the version that is wanted. */
const inSpan = `v.deployment = wanted.deployment and v.model = wanted.model and v.version = wanted.version
         and v.seq <= $1 and v.to_time >= $5 and ($6::bigint is null or v.to_time < $6)`;

/** Measured and estimated metrics of versions, in the order of `versions`. */
export async function performanceOf(
  database: Queryable,
  { versions, from, to, most }: PerformanceOf,
  cut: number,
): Promise<VersionPerformance[]> {
  if (versions.length === 0) return [];
  const { rows } = await database.query<PerformanceRow>(
    `select wanted.place, counted.found, ${basisColumns('w')}, w.estimated,
            case when p.at is null then null else jsonb_build_object(
              'at', p.at, 'traffic_seq', p.traffic_seq, 'served', p.served, 'labels', p.labels,
              'mismatched', p.mismatched, 'final', p.final, 'metrics', p.metrics,
              'no_change_accuracy', p.no_change_accuracy) end as measured
     from unnest($2::text[], $3::text[], $4::text[]) with ordinality as wanted (deployment, model, version, place)
     cross join lateral (
       select count(*) as found from windows.windows v where ${inSpan}
     ) counted
     cross join lateral (
       select v.deployment, v.model, v.version, ${basisColumns('v')}, v.estimated from windows.windows v
       where ${inSpan} order by v."window" desc limit $7
     ) w
     left join windows.performance p on ${onSameWindow} and ${asOf('$1', 'p')}
     order by wanted.place, w."window"`,
    [
      cut,
      versions.map(({ deployment }) => deployment),
      versions.map(({ model }) => model),
      versions.map(({ version }) => version),
      ...[from, to ?? null, most],
    ],
  );
  const told = versions.map((): { windows: api.PerformanceWindow[]; leftOut: number } => ({ windows: [], leftOut: 0 }));
  for (const { place, found, estimated, measured, ...row } of rows) {
    const version = told[place - 1]!;
    version.windows.push({
      ...basisView(row),
      measured: measured && { ...measured, at: isoTime(measured.at) },
      estimated,
    });
    version.leftOut = found - version.windows.length;
  }
  return told;
}
