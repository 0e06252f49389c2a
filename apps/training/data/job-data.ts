import type { Table, TrainingSpec, ValidationPlan } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { holdOut } from '#libs/learning/index.js';
import type { ComputePool } from '../compute/compute-pool.js';
import type { LearningData, Split } from '../compute/protocol.js';
import type { JobFailure } from '../job/failure.js';
import type { StageResults } from '../job/stage-results.js';
import { digestOf, locate, type LocatedSource, type SourceOptions } from './job-dataset.js';
import { at, columnOf, labelledRows, targetOf, type Classes } from './labelled.js';

/** Most bytes of a table in memory. */
const mostTableBytes = 8 * 2 ** 30;

/** A job's data set, read once by each worker that does the job. */
export class JobData {
  #located: LocatedSource | undefined;
  #table: Table | undefined;
  #split: (Split & { readonly rows: Int32Array }) | undefined;

  constructor(
    private readonly spec: TrainingSpec,
    private readonly results: StageResults,
    private readonly options: SourceOptions,
    private readonly compute: Pick<ComputePool, 'run'>,
  ) {}

  async locate(): Promise<Result<LocatedSource, JobFailure>> {
    if (this.#located !== undefined) return accept(this.#located);
    const located = await locate(this.spec.dataset.source, this.options);
    if (located.ok) this.#located = located.value;
    return located;
  }

  /** The whole table, once its bytes are known to be those that were ingested. */
  async table(): Promise<Result<Table, JobFailure>> {
    if (this.#table !== undefined) return accept(this.#table);
    const located = await this.locate();
    if (!located.ok) return located;
    const { source, format } = located.value;
    const { digest, schema } = this.results.of('ingest');
    const found = await digestOf(source);
    if (found !== digest)
      return reject({
        code: 'dataset_changed',
        message: `the data set has other bytes now: expected ${digest}, found ${found}`,
      });
    const { file } = source;
    const loaded = await this.compute.run({ kind: 'load', file, format, schema, maxBytes: mostTableBytes });
    if (!loaded.ok) return loaded;
    this.#table = loaded.value;
    return loaded;
  }

  /** Table, target and classes, after the stage that found the classes. */
  async learning(): Promise<Result<LearningData, JobFailure>> {
    const table = await this.table();
    if (!table.ok) return table;
    const { classes } = this.results.of('validate');
    return accept({ table: table.value, target: targetOf(table.value, this.spec.target, classes), classes });
  }

  /** Rows of training and of the hold-out, both ascending rows of the table; `rows`: both together. */
  split({ table, target, classes }: LearningData): Result<Split & { readonly rows: Int32Array }, JobFailure> {
    if (this.#split !== undefined) return accept(this.#split);
    const { seed } = this.spec;
    const rows = labelledRows(target);
    const held = holdOut({
      ...{ rows: rows.length, target: at(target, rows), classes: classes?.length ?? 0, plan: this.plan(classes), seed },
      ...this.orderOf(table, rows),
    });
    if (!held.ok) return reject({ code: 'split_impossible', message: held.rejection.detail });
    this.#split = { train: at(rows, held.value.train), test: at(rows, held.value.test), rows };
    return accept(this.#split);
  }

  /** Where the request leaves the split open, the classes keep their shares. */
  plan(classes: Classes): ValidationPlan {
    const { validation } = this.spec;
    return { ...validation, split: validation.split ?? (classes === null ? 'random' : 'stratified') };
  }

  /** What a split goes by beside the target: a group, or a time. */
  orderOf(table: Table, rows: Int32Array): { group?: Int32Array; time?: Float64Array } {
    const { split, by } = this.spec.validation;
    if (by === null || (split !== 'grouped' && split !== 'time')) return {};
    const column = columnOf(table, by);
    if (split === 'time') return 'values' in column ? { time: at(column.values, rows) } : { time: ranks(column, rows) };
    return { group: 'codes' in column ? at(column.codes, rows) : codesOf(at(column.values, rows)) };
  }
}

/** Texts in order, as numbers. */
function ranks(
  { codes, dictionary }: { codes: Int32Array; dictionary: readonly string[] },
  rows: Int32Array,
): Float64Array {
  const order = dictionary.map((_, code) => code).sort((a, b) => (dictionary[a]! < dictionary[b]! ? -1 : 1));
  const rank = new Float64Array(dictionary.length);
  for (const [position, code] of order.entries()) rank[code] = position;
  return Float64Array.from(rows, (row) => rank[codes[row]!] ?? Number.NaN);
}

/** Equal numbers, equal codes; missing ones are a group of their own. */
function codesOf(values: Float64Array): Int32Array {
  const codes = new Map<number, number>();
  return Int32Array.from(values, (value) => {
    const known = codes.get(value) ?? codes.size;
    codes.set(value, known);
    return known;
  });
}
