import type { DriftVerdict, MonitoringSettings } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import {
  alphaOf,
  baselineRows,
  domainClassifier,
  fitReconstruction,
  reconstructionError,
  windowRows,
  type DriftState,
  type Reconstruction,
  type RowTable,
} from '#libs/statistics/index.js';
import type { ReferenceSet } from '../contract.js';
import type { WindowReference } from '../reference.js';
import type { SampledRows } from '../rows/sampled-rows.js';
import type { ColumnSet } from '../rows/watched-columns.js';
import { finite } from './method.js';
import { notAsked, type ScopeDrift } from './scope-drift.js';

type Settings = MonitoringSettings['drift_detection'];

/** All columns together stand under this name. */
const together = '*';

/**
 * Whether the features of a window still go together as those of the reference: principal components that reconstruct it
 * worse (a rule of thumb, without an error rate), or a classifier that tells the two apart (its p-value against the level
 * that this window has of the error rate, and an AUC of at least 0.5 + effect / 2).
 */
export function judgeTogether(
  reference: ReferenceSet | WindowReference | null,
  rows: SampledRows,
  settings: Settings,
  state: DriftState,
  seed: number,
): ScopeDrift {
  if (settings.multivariate === 'none' || reference === null) return notAsked(state);
  const table = referenceTable(reference, rows.set);
  if (table === null) return { ...unjudged(state, 'the reference has no rows'), asked: false };
  if (rows.reservoir.seen < settings.min_rows)
    return unjudged(state, `${rows.reservoir.seen} rows, expected ${settings.min_rows}`);
  try {
    const window = windowTable(rows, Object.keys(table));
    return settings.multivariate === 'pca'
      ? byReconstruction(table, window, settings, state)
      : byClassifier(table, window, settings, state, seed);
  } catch (error) {
    if (error instanceof RangeError) return unjudged(state, messageOf(error));
    throw error;
  }
}

const unjudged = (state: DriftState, why: string): ScopeDrift => ({
  state,
  asked: true,
  verdict: null,
  notes: [`multivariate drift is not judged: ${why}`],
});

const fitted = new WeakMap<RowTable, Map<number, Reconstruction>>();

function byReconstruction(table: RowTable, window: RowTable, settings: Settings, state: DriftState): ScopeDrift {
  const rows = lengthOf(Object.values(table)[0]!);
  const chunkRows = Math.max(Math.min(settings.window_size ?? Infinity, Math.floor(rows / 10)), 2);
  const known = fitted.get(table) ?? new Map<number, Reconstruction>();
  fitted.set(table, known);
  const reconstruction = known.get(chunkRows) ?? fitReconstruction(table, { chunkRows });
  known.set(chunkRows, reconstruction);
  const { statistic, drifted } = reconstructionError(reconstruction, window);
  const { lower, upper } = reconstruction;
  return {
    state: { windows: state.windows + 1 },
    asked: true,
    notes: [],
    verdict: verdictOf(settings, {
      ...{ test: 'pca', statistic, pValue: null, drifted },
      effect: upper > 0 ? statistic / upper : statistic,
      threshold: statistic < lower ? lower : upper,
      parameters: { lower, upper, chunk_rows: chunkRows, components: reconstruction.components.length },
    }),
  };
}

function byClassifier(
  table: RowTable,
  window: RowTable,
  settings: Settings,
  state: DriftState,
  seed: number,
): ScopeDrift {
  const { auc, pValue } = domainClassifier(table, window, { seed });
  const windows = state.windows + 1;
  const threshold = alphaOf(windows, settings.threshold);
  const effect = Math.max(2 * auc - 1, 0);
  return {
    state: { windows },
    asked: true,
    notes: [],
    verdict: verdictOf(settings, {
      ...{ test: 'domain_classifier', statistic: auc, pValue, effect, threshold },
      drifted: pValue <= threshold && effect >= settings.effect,
      parameters: { seed, effect: settings.effect },
    }),
  };
}

interface Outcome {
  readonly test: string;
  readonly statistic: number;
  readonly pValue: number | null;
  readonly effect: number;
  readonly threshold: number;
  readonly drifted: boolean;
  readonly parameters: Readonly<Record<string, number>>;
}

const verdictOf = (
  settings: Settings,
  { test, statistic, pValue, effect, threshold, drifted, parameters }: Outcome,
): DriftVerdict => ({
  scope: 'multivariate',
  policy: settings.policy,
  method: { name: test, version: 1, parameters: { ...parameters, min_rows: settings.min_rows } },
  drifted,
  drifted_columns: Number(drifted),
  compared_columns: 1,
  threshold: finite(threshold),
  columns: [
    {
      ...{ column: together, test, statistic: finite(statistic), p_value: pValue, adjusted_p: pValue },
      ...{ effect: finite(effect), threshold: finite(threshold), drifted },
    },
  ],
});

const tables = new WeakMap<ReferenceSet, WeakMap<ColumnSet, RowTable | null>>();

/** The reference's rows, as its window's columns are counted; without columns that it has no value of. */
function referenceTable(reference: ReferenceSet | WindowReference, set: ColumnSet): RowTable | null {
  const known = tables.get(reference) ?? new WeakMap<ColumnSet, RowTable | null>();
  tables.set(reference, known);
  let table = known.get(set);
  if (table === undefined) {
    table = tableOfReference(reference, set);
    known.set(set, table);
  }
  return table;
}

function tableOfReference(reference: ReferenceSet | WindowReference, set: ColumnSet): RowTable | null {
  const compared = new Set(set.columns.flatMap(({ name, form }) => (form.kind === 'reference' ? [name] : [])));
  if ('rows' in reference) {
    const rows = Object.entries(reference.rows ?? {}).filter(([name]) => compared.has(name));
    return rows.length === 0 ? null : Object.fromEntries(rows);
  }
  const columns = reference.labelled?.features;
  if (!columns) return null;
  const kept = set.lookups.filter(({ reference: { name } }) => compared.has(name) && Object.hasOwn(columns, name));
  const found = Object.entries(baselineRows(kept, columns)).filter(([, column]) => hasValue(column));
  return found.length === 0 ? null : Object.fromEntries(found);
}

/** The sampled rows of a window, of these columns. */
function windowTable({ set, reservoir }: SampledRows, names: readonly string[]): RowTable {
  const rows = windowRows(set.lookups, reservoir);
  return Object.fromEntries(names.map((name) => [name, rows[name]!]));
}

const lengthOf = (column: RowTable[string]): number =>
  column.kind === 'numeric' ? column.values.length : column.codes.length;

const hasValue = (column: RowTable[string]): boolean =>
  column.kind === 'numeric'
    ? column.values.some((value) => !Number.isNaN(value))
    : column.codes.some((code) => code >= 0);
