import type { DriftBaseline, Signature } from '#libs/contracts/index.js';
import { referenceFromRows, referencesOf, type RowsOfColumn } from '#libs/statistics/index.js';
import type { ReferenceSet } from './contract.js';
import { textsOf, type SampledRows } from './rows/sampled-rows.js';

/** A reference that was made of a window, and its rows where columns are compared together. */
export interface WindowReference extends ReferenceSet {
  /** By feature, in one order; of categories their texts, '' where there is none. Null: they were not asked for. */
  readonly rows: Readonly<Record<string, Float64Array | readonly string[]>> | null;
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
  const ofFeatures = columnsOf(features);
  return {
    reference: { kind: 'window', number },
    features: referenceFromRows(ofFeatures, seed),
    predictions: referenceFromRows(columnsOf(outputs), seed),
    labels: null,
    labelled: null,
    rows: keepRows
      ? Object.fromEntries(ofFeatures.map(({ name, data }) => [name, data as Float64Array | string[]]))
      : null,
  };
}

function columnsOf(rows: SampledRows): RowsOfColumn[] {
  return rows.set.columns.map(({ name }, index): RowsOfColumn => {
    const values = rows.reservoir.column(index);
    const texts = textsOf(rows, index);
    if (texts === null) return { name, kind: 'numeric', data: values.slice() };
    const kind = texts.length === 2 && texts[0] === 'false' && texts[1] === 'true' ? 'boolean' : 'categorical';
    return { name, kind, data: Array.from(values, (value, row) => textAt(texts, value, row)) };
  });
}

/** Categories that were not told apart are each one of their own: they are too many for a bin. */
const textAt = (texts: readonly string[], value: number, row: number): string =>
  Number.isNaN(value) ? '' : (texts[value] ?? `… ${row}`);
