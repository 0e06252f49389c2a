import type { DriftVerdict } from '#libs/contracts/index.js';
import {
  ColumnLookup,
  Reservoir,
  windowSamples,
  WindowSummary,
  type ColumnSample,
  type ReferenceSummary,
} from '#libs/statistics/index.js';
import type { WatchedPlace } from '../conditions.js';
import type { MonitorContext } from '../contract.js';
import { judgeColumns } from '../drift/scope-drift.js';
import { seedOf } from '../seeds.js';
import type { AnswerForm } from './answer-form.js';
import type { ClassCodes } from './class-codes.js';
import type { LabelTable } from './label-table.js';

/** Code units of a category that a reference tells. */
const longest = 256;

/**
 * The labels of a window against the reference's target. Window k is judged at the k-th of the levels that add up to the error
 * rate, whichever of its neighbours have labels: the order in which labels come has no bearing on it.
 * @returns null: nothing to compare with, or nothing that is compared.
 */
export function labelDrift(
  place: WatchedPlace,
  window: number,
  form: AnswerForm,
  codes: ClassCodes,
  table: LabelTable,
  reference: ReferenceSummary | null,
  { settings: { drift_detection: settings } }: MonitorContext,
): DriftVerdict | null {
  if (reference === null || form.kind === 'other') return null;
  if ((reference.bins.kind === 'numeric') !== (form.kind === 'numbers')) return null;
  const { deployment, model, version } = place;
  const seed = seedOf(deployment, model, version, 'labels', window);
  const sample = form.kind === 'numbers' ? numbersIn(table, reference, seed) : classesIn(codes, table, reference);
  const compared = [{ reference, window: sample }];
  return judgeColumns('labels', compared, table.size, settings, { windows: window - 1 }, seed).verdict;
}

function numbersIn(table: LabelTable, reference: ReferenceSummary, seed: number): ColumnSample {
  const summary = new WindowSummary([new ColumnLookup(reference)]);
  const reservoir = new Reservoir({ columns: 1, seed });
  const data = Float64Array.from(table.order(), (row) => table.label(row));
  summary.add([{ data, width: 1, offset: 0 }], { from: 0, to: data.length }, reservoir);
  return windowSamples(summary, reservoir)[0]!;
}

function classesIn(codes: ClassCodes, table: LabelTable, reference: ReferenceSummary): ColumnSample {
  const other = reference.counts.length - 1;
  const binOfCode = binsOf(codes, reference);
  const counts = new Float64Array(reference.counts.length);
  const met = new Set<number>();
  for (let row = 0; row < table.size; row++) {
    const code = table.label(row);
    counts[binOfCode.get(code) ?? other]!++;
    met.add(code);
  }
  return {
    ...{ rows: table.size, missing: 0, counts, values: new Float64Array(0), sampled: false },
    ...{ mean: null, sd: null, distinct: met.size },
  };
}

function binsOf(codes: ClassCodes, { bins }: ReferenceSummary): ReadonlyMap<number, number> {
  const categories = bins.kind === 'categorical' ? bins.categories : [];
  const binOfCode = new Map(categories.map((category, bin) => [codes.codeOf(category), bin]));
  // A reference tells long texts by their beginning.
  for (const [code, text] of codes.declared?.entries() ?? []) {
    const bin = categories.indexOf(text.length > longest ? `${text.slice(0, longest)}…`.toWellFormed() : text);
    if (bin >= 0) binOfCode.set(code, bin);
  }
  return binOfCode;
}
