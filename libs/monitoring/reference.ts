import type { DriftBaseline, Signature } from '#libs/contracts/index.js';
import {
  baselineRows,
  ColumnLookup,
  drawnRows,
  referenceFromRows,
  referencesOf,
  type ReferenceSummary,
  type RowsOfColumn,
  type RowTable,
  type SampleValue,
} from '#libs/statistics/index.js';
import type { ReferenceSet } from './contract.js';
import { textsOf, type SampledRows } from './rows/sampled-rows.js';

/** A reference that was made of a window, and its rows where columns are compared together. */
export interface WindowReference extends ReferenceSet {
  /** Of the features, as its windows are counted. Null: they were not asked for. */
  readonly rows: RowTable | null;
}

/**
 * What a version's windows are compared with, from the baseline that it was registered with.
 * @param artifact of the baseline: sha256:…
 * @throws RangeError for a histogram whose edges do not ascend.
 */
export function referenceOf(baseline: DriftBaseline, artifact: string, { features, outputs }: Signature): ReferenceSet {
  const classifies = outputs.some(({ role }) => role === 'label' || role === 'probabilities');
  const references = referencesOf(baseline, features, classifies);
  return {
    reference: { kind: 'training', artifact },
    features: references.features,
    predictions: references.outputs,
    labels: baseline.sample.target.length === 0 ? null : references.target,
    labelled: baseline.sample,
  };
}

/**
 * What later windows of a version are compared with, from the rows that a window kept.
 * @param keepRows they are wanted one by one, too.
 */
export function referenceOfWindow(
  number: number,
  features: SampledRows,
  outputs: SampledRows,
  seed: number,
  keepRows: boolean,
): WindowReference {
  const columns = features.set.columns.length + outputs.set.columns.length;
  const most = Math.max(Math.floor(referenceBytes / (8 * columns * (keepRows ? 2 : 1))), fewestRows);
  const ofFeatures = columnsOf(features, most, seed);
  const found = referenceFromRows(ofFeatures, seed);
  return {
    reference: { kind: 'window', number },
    features: found,
    predictions: referenceFromRows(columnsOf(outputs, most, seed), seed),
    labels: null,
    labelled: null,
    rows: keepRows ? rowsOf(found, ofFeatures) : null,
  };
}

/** What a reference keeps of its window's rows, so that it has room beside other windows. */
const referenceBytes = 600_000;
const fewestRows = 100;

/** Columns that have a value. */
function rowsOf(references: readonly ReferenceSummary[], columns: readonly RowsOfColumn[]): RowTable | null {
  const sample = Object.fromEntries(
    columns.flatMap(({ name, data }) => {
      const values = Array.from<string | number | bigint, SampleValue>(data, (value) =>
        typeof value === 'string' ? value : Number.isNaN(value) ? null : Number(value),
      );
      return values.some((value) => value !== null && value !== '') ? [[name, values] as const] : [];
    }),
  );
  const kept = references.filter(({ name }) => Object.hasOwn(sample, name));
  return kept.length === 0
    ? null
    : baselineRows(
        kept.map((reference) => new ColumnLookup(reference)),
        sample,
      );
}

/** @param most rows; of more some are drawn. */
function columnsOf(rows: SampledRows, most: number, seed: number): RowsOfColumn[] {
  const drawn = drawnRows(rows.reservoir.rows, most, seed);
  return rows.set.columns.map(({ name }, index): RowsOfColumn => {
    const all = rows.reservoir.column(index);
    const values = Float64Array.from(drawn, (row) => all[row]!);
    const texts = textsOf(rows, index);
    if (texts === null) return { name, kind: 'numeric', data: values };
    const kind = texts.length === 2 && texts[0] === 'false' && texts[1] === 'true' ? 'boolean' : 'categorical';
    return { name, kind, data: Array.from(values, (value, row) => textAt(texts, value, row)) };
  });
}

/** Categories that were not told apart are each one of their own: they are too many for a bin. */
const textAt = (texts: readonly string[], value: number, row: number): string =>
  Number.isNaN(value) ? '' : (texts[value] ?? `… ${row}`);
