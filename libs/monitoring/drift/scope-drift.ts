import type { DriftScope, DriftVerdict, MonitoringSettings } from '#libs/contracts/index.js';
import {
  windowSamples,
  type ColumnFigures,
  type ComparedColumn,
  type DataSetVerdict,
  type DriftPolicy,
  type DriftState,
  type TestedColumn,
} from '#libs/statistics/index.js';
import { roomOf, told } from '../quality/told.js';
import type { SampledRows } from '../rows/sampled-rows.js';
import { finiteOrNull, flatParameters } from './method.js';
import { policyOf } from './policy-of.js';

export interface ScopeDrift {
  readonly state: DriftState;
  /** False: the window is not put to it, and none after it will be while the settings and the reference are the same. */
  readonly asked: boolean;
  /** Null: there was nothing to judge. */
  readonly verdict: DriftVerdict | null;
  readonly notes: readonly string[];
}

export const noWindows: DriftState = { windows: 0 };

export const notAsked = (state: DriftState, ...notes: readonly string[]): ScopeDrift => ({
  ...{ state, asked: false, verdict: null, notes },
});

/**
 * One window's columns against their references, each scope by itself: its verdicts share an error rate over all windows of
 * the version.
 * @param figures of the rows.
 * @param state of this scope, of the windows before.
 * @param seed of what tests draw.
 */
export function judgeScope(
  scope: DriftScope,
  rows: SampledRows,
  figures: readonly ColumnFigures[],
  settings: MonitoringSettings['drift_detection'],
  state: DriftState,
  seed: number,
): ScopeDrift {
  return judgeColumns(scope, comparedColumns(rows, figures), rows.reservoir.seen, settings, state, seed);
}

/** As `judgeScope`, of columns that are summarised already. @param rows of the window, all of them */
export function judgeColumns(
  scope: DriftScope,
  compared: readonly ComparedColumn[],
  rows: number,
  settings: MonitoringSettings['drift_detection'],
  state: DriftState,
  seed: number,
): ScopeDrift {
  if (compared.length === 0) return notAsked(state);
  const policy = policyOf(settings);
  if ('refused' in policy) return notAsked(state, `drift is not judged: ${policy.refused}`);
  const enough = rows >= settings.min_rows;
  const { tested, notes } = enough ? testEach(policy, compared, seed) : { tested: [], notes: [] };
  const judged = policy.decide(state, tested);
  const method = {
    ...{ name: policy.name, version: policy.version },
    parameters: { ...flatParameters(policy.parameters), min_rows: settings.min_rows, seed },
  };
  return {
    state: judged.state,
    asked: true,
    verdict: { scope, method, ...verdictOf(judged.verdict, settings.threshold) },
    notes: enough ? notes : [`${scope}: ${rows} rows, expected ${settings.min_rows} to judge drift`],
  };
}

/** Columns that have a reference. */
function comparedColumns(rows: SampledRows, figures: readonly ColumnFigures[]): ComparedColumn[] {
  const { columns, lookups } = rows.set;
  if (!columns.some(({ form }) => form.kind === 'reference')) return [];
  return windowSamples(rows.summary, rows.reservoir, figures).flatMap((window, index) =>
    columns[index]!.form.kind === 'reference' ? [{ reference: lookups[index]!.reference, window }] : [],
  );
}

/** A test that does not fit its column leaves the others in force. */
function testEach(
  policy: DriftPolicy,
  compared: readonly ComparedColumn[],
  seed: number,
): { readonly tested: TestedColumn[]; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const tested = compared.flatMap((column) => {
    try {
      return policy.test([column], seed);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      notes.push(`drift of '${column.reference.name}' is not judged: ${error.message}`);
      return [];
    }
  });
  return { tested, notes };
}

function verdictOf(verdict: DataSetVerdict, errorRate: number): Omit<DriftVerdict, 'scope' | 'method'> {
  const columns = verdict.columns.map((column): DriftVerdict['columns'][number] => ({
    column: column.column,
    test: column.test,
    statistic: finiteOrNull(column.statistic),
    p_value: column.pValue,
    adjusted_p: column.adjustedP,
    effect: finiteOrNull(column.effect),
    threshold: column.threshold,
    drifted: answerOf(column.drifted),
  }));
  return {
    policy: verdict.policy,
    drifted: answerOf(verdict.drifted),
    drifted_columns: verdict.driftedColumns,
    compared_columns: verdict.testedColumns,
    threshold: verdict.level ?? verdict.shareThreshold ?? errorRate,
    columns: told(columns, roomOf.drift, mostFirst),
  };
}

function answerOf(drifted: boolean | DataSetVerdict['drifted']): boolean | null {
  if (drifted === 'not_enough_evidence') return null;
  return drifted === true || drifted === 'drift';
}

type Told = DriftVerdict['columns'][number];

/** Drifted ones, then by their p-values, then by their effects. */
const mostFirst = (a: Told, b: Told): number =>
  Number(b.drifted === true) - Number(a.drifted === true) ||
  (a.adjusted_p ?? 1) - (b.adjusted_p ?? 1) ||
  (b.effect ?? 0) - (a.effect ?? 0);
