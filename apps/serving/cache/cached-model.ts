import { emptyColumn } from '#libs/contracts/index.js';
import { InputBatch, type Column, type ColumnData, type LoadedModel } from '#libs/inference/index.js';
import { copyElements, RowCache } from './row-cache.js';
import { rowKeys } from './row-keys.js';

/** Rows that were answered from the cache, and rows that were not. */
export interface CacheCounts {
  cacheHits: number;
  cacheMisses: number;
}

/** Of each version: an answer of a few numbers takes some 200 bytes, one of a segmented image may take megabytes. */
const maxCacheBytes = 256 * 2 ** 20;

/**
 * A model that runs only rows it has not seen lately, each once; the outputs of others are those of their earlier run.
 * Whoever runs it gets all rows with inputs and outputs as from the model itself, and records them so. `entries` rows
 * are kept, in at most 256 MiB. One run at a time.
 */
export function cachedModel(model: LoadedModel, entries: number, counts: CacheCounts): LoadedModel {
  const { signature, encoder, inputColumns, outputColumns } = model;
  const cache = new RowCache(outputColumns, { rows: entries, bytes: maxCacheBytes });

  const run: LoadedModel['run'] = async (inputs, rows, observer) => {
    const plan = planOf(inputs, rows);
    if (plan.newRows.length === rows) {
      const outputs = await model.run(inputs, rows, observer);
      keep(plan, outputs, rows);
      return outputs;
    }
    if (plan.newRows.length > 0) {
      const outputs = await model.run(rowsOf(inputs, plan.newRows), plan.newRows.length, observer);
      for (const [row, at] of plan.takenFrom)
        for (const [index, { width }] of outputColumns.entries())
          copyElements(outputs[index]!.data, at * width, plan.known[index]!, row * width, width);
      keep(plan, outputs, rows);
    } else counts.cacheHits += rows;
    const outputs = outputColumns.map(({ name, type, width }, index) => ({
      ...{ name, type, width, data: plan.known[index]! },
    }));
    return Object.assign(outputs, { reusedRows: rows - plan.newRows.length });
  };

  const planOf = (inputs: readonly Column[], rows: number): Plan => {
    const keyOf = rowKeys(inputs);
    const known = outputColumns.map(({ type, width }) => emptyColumn(type, rows * width) as ColumnData);
    const plan: Plan = { known, newRows: [], newKeys: new Map(), takenFrom: [] };
    for (let row = 0; row < rows; row++) {
      const key = keyOf(row);
      if (cache.read(key, known, row)) continue;
      let at = plan.newKeys.get(key);
      if (at === undefined) {
        at = plan.newRows.push(row) - 1;
        plan.newKeys.set(key, at);
      }
      plan.takenFrom.push([row, at]);
    }
    return plan;
  };

  const keep = ({ newKeys, newRows }: Plan, outputs: readonly Column[], rows: number): void => {
    for (const [key, at] of newKeys) cache.keep(key, outputs, at);
    counts.cacheMisses += newRows.length;
    counts.cacheHits += rows - newRows.length;
  };

  const rowsOf = (inputs: readonly Column[], rows: readonly number[]): readonly Column[] => {
    const batch = new InputBatch(inputColumns, rows.length);
    for (const [at, row] of rows.entries()) batch.copy(inputs, row, 1, at);
    return batch.view(0, rows.length);
  };

  return {
    ...{ signature, encoder, inputColumns, outputColumns, run },
    outputOf: (outputs, row) => model.outputOf(outputs, row),
    dispose: () => model.dispose(),
  };
}

/** What of a run is known, and what is to be run. */
interface Plan {
  /** Outputs of all rows; those that are not known are still to be written. */
  readonly known: readonly ColumnData[];
  /** Rows to run, and their keys with their places there. */
  readonly newRows: number[];
  readonly newKeys: Map<string, number>;
  /** Rows that are not known, with the place of theirs among those that are run. */
  readonly takenFrom: (readonly [row: number, at: number])[];
}
