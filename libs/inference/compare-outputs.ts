import { accept, ModelogError, reject, type Result } from '#libs/kernel/index.js';
import type { Column } from './columns.js';
import { InferenceError } from './errors.js';
import { InputBatch } from './input-batch.js';
import type { LoadedModel } from './model.js';

/** What another graph does to the outputs; as `derivation.outputs` of the contracts, without where the rows came from. */
export interface OutputDifference {
  readonly rows: number;
  /** Over all numbers of values and probabilities; null where the model gives none. */
  readonly max_abs_difference: number | null;
  readonly mean_abs_difference: number | null;
  /** Share of rows with the same label; null where the model gives none. */
  readonly label_agreement: number | null;
}

/** `row_refused`: the rows are not the model's; `model_failed`: one of the two cannot answer them alike. */
export interface ComparisonRefusal {
  readonly code: 'row_refused' | 'model_failed';
  readonly message: string;
  /** Position of the row, from 0; the first of its chunk where the model failed. */
  readonly row: number;
}

/** As the micro-batcher at most runs at once. */
const rowsAtOnce = 256;

/**
 * Runs two models of the same signature on the same rows, a chunk at a time. Equal numbers that are not finite differ by
 * 0; a number that is finite in one alone refuses the comparison.
 * @throws RangeError when there are no rows, or the models have different outputs.
 */
export async function compareOutputs(
  one: LoadedModel,
  other: LoadedModel,
  rows: Iterable<unknown>,
): Promise<Result<OutputDifference, ComparisonRefusal>> {
  const sum = new DifferenceSum(one, other);
  const batch = new InputBatch(one.inputColumns, rowsAtOnce);
  let [first, filled] = [0, 0];
  for (const row of rows) {
    const refusal = one.encoder.encode(row, batch, filled);
    if (refusal !== null) return reject({ code: 'row_refused', message: refusal.message, row: first + filled });
    filled++;
    if (filled < rowsAtOnce) continue;
    const failure = await compareChunk(sum, batch, { first, rows: filled });
    if (failure !== null) return reject(failure);
    [first, filled] = [first + filled, 0];
  }
  const failure = filled === 0 ? null : await compareChunk(sum, batch, { first, rows: filled });
  return failure === null ? accept(sum.difference(first + filled)) : reject(failure);
}

interface Chunk {
  readonly first: number;
  readonly rows: number;
}

async function compareChunk(sum: DifferenceSum, batch: InputBatch, chunk: Chunk): Promise<ComparisonRefusal | null> {
  try {
    await sum.add(batch.view(0, chunk.rows), chunk);
    return null;
  } catch (thrown) {
    if (thrown instanceof UnlikeNumbers) return { code: 'model_failed', message: thrown.message, row: thrown.row };
    if (!(thrown instanceof InferenceError)) throw thrown;
    return { code: 'model_failed', message: thrown.message, row: chunk.first };
  }
}

class UnlikeNumbers extends ModelogError {
  constructor(
    message: string,
    readonly row: number,
  ) {
    super('unlike_numbers', message);
  }
}

class DifferenceSum {
  readonly #models: readonly [LoadedModel, LoadedModel];
  #largest = 0;
  #total = 0;
  #numbers = 0;
  #agreeing = 0;

  constructor(one: LoadedModel, other: LoadedModel) {
    this.#models = [one, other];
    const unlike = one.outputColumns.find(({ name, type, role, width }, index) => {
      const same = other.outputColumns[index];
      return same?.name !== name || same.type !== type || same.role !== role || same.width !== width;
    });
    if (unlike !== undefined || one.outputColumns.length !== other.outputColumns.length)
      throw new RangeError(`expected models of the same outputs, got another '${unlike?.name ?? 'number of them'}'`);
  }

  async add(inputs: readonly Column[], { first, rows }: Chunk): Promise<void> {
    const [one, other] = this.#models;
    const [ours, theirs] = [await one.run(inputs, rows), await other.run(inputs, rows)];
    for (const [index, { role, type }] of one.outputColumns.entries()) {
      const pair = [ours[index]!, theirs[index]!] as const;
      if (role === 'label') this.#agreeing += agreements(...pair, rows);
      else if (type !== 'string' && type !== 'bool') this.#addNumbers(...pair, first);
    }
  }

  difference(rows: number): OutputDifference {
    if (rows === 0) throw new RangeError('expected at least one row to compare outputs on');
    const hasLabel = this.#models[0].outputColumns.some(({ role }) => role === 'label');
    return {
      rows,
      max_abs_difference: this.#numbers === 0 ? null : this.#largest,
      mean_abs_difference: this.#numbers === 0 ? null : this.#total / this.#numbers,
      label_agreement: hasLabel ? this.#agreeing / rows : null,
    };
  }

  #addNumbers(ours: Column, theirs: Column, first: number): void {
    for (const [at, element] of ours.data.entries()) {
      const [a, b] = [Number(element), Number(theirs.data[at])];
      // NaN is the same as NaN here, and an infinity as itself.
      const difference = Object.is(a, b) ? 0 : Math.abs(a - b);
      if (!Number.isFinite(difference)) {
        const row = first + Math.floor(at / ours.width);
        throw new UnlikeNumbers(`output '${ours.name}' is a finite number in one of the graphs only`, row);
      }
      this.#largest = Math.max(this.#largest, difference);
      this.#total += difference;
      this.#numbers++;
    }
  }
}

/** How many rows have the same label, all its elements counted. */
function agreements(ours: Column, theirs: Column, rows: number): number {
  let agreeing = 0;
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * ours.width, (row + 1) * ours.width];
    const [a, b] = [ours.data.slice(from, to), theirs.data.slice(from, to)];
    if ([...a].every((element, index) => element === b[index])) agreeing++;
  }
  return agreeing;
}
