import { decodeChunk, type ProblemCode } from '#libs/contracts/index.js';
import { InputBatch, sampleRows, seededRandom, type LoadedModel } from '#libs/inference/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { rowRejection } from '../prediction/refusals.js';
import type { PacedWork } from './paced-work.js';
import { recordedInputs, type InputRows } from './recorded-inputs.js';

/** What a version is warmed up on. */
export interface WarmUpInputs {
  readonly kind: 'given' | 'recorded' | 'drawn';
  /** Rows; beyond them they come again. */
  readonly distinct: number;
  /** Writes at most `rows` rows, those from number `at` on, to the beginning of a batch. @returns how many, at least one */
  take(batch: InputBatch, at: number, rows: number): number;
}

/** Rows drawn from a signature are the same in every process. */
const seed = 1;

/** The first input that the version refuses is the rejection: a problem code, and what was expected where. */
export function givenInputs(
  { encoder, signature }: LoadedModel,
  inputs: readonly unknown[],
): Result<WarmUpInputs, string> {
  const batch = new InputBatch(encoder.inputColumns, inputs.length);
  for (const [row, input] of inputs.entries()) {
    const refusal = encoder.encode(input, batch, row);
    if (refusal === null) continue;
    const { code, detail, errors } = rowRejection(refusal, signature, `warmup_requests[${row}]`);
    return reject(described(code, detail, errors?.[0]?.path));
  }
  return accept(stored('given', { columns: batch.view(0, inputs.length), rows: inputs.length }));
}

const described = (code: ProblemCode, detail: string, path?: string): string =>
  path === undefined || detail.includes(path) ? `${code}: ${detail}` : `${code} at ${path}: ${detail}`;

export interface RecordedOptions {
  /** Recorded messages of the deployment's predictions, newest first. */
  readonly messages: AsyncIterable<Uint8Array>;
  readonly paced: PacedWork;
  readonly isOver: () => boolean;
}

/**
 * The newest rows that the messages hold as inputs of the model, at most `limit`; null where there are none. What cannot
 * be read is no reason against the version.
 */
export async function recordedRows(
  model: LoadedModel,
  limit: number,
  { messages, paced, isOver }: RecordedOptions,
): Promise<WarmUpInputs | null> {
  const batch = new InputBatch(model.inputColumns, 1);
  let rows = 0;
  try {
    for await (const data of messages) {
      rows += await paced.run(() => addRows(batch, rows, data, model, limit));
      if (rows === limit || isOver()) break;
    }
  } catch {
    // The log is away: what was read is enough.
  }
  return rows === 0 ? null : stored('recorded', { columns: batch.view(0, rows), rows });
}

/** @returns how many rows of a message fit the model. */
function addRows(batch: InputBatch, at: number, data: Uint8Array, model: LoadedModel, limit: number): number {
  try {
    const found = recordedInputs(decodeChunk(data), model, limit - at);
    if (found === null) return 0;
    batch.copy(found.columns, 0, found.rows, at);
    return found.rows;
  } catch {
    return 0;
  }
}

function stored(kind: WarmUpInputs['kind'], { columns, rows: distinct }: InputRows): WarmUpInputs {
  return {
    kind,
    distinct,
    take(batch, at, rows) {
      const first = at % distinct;
      const count = Math.min(rows, distinct - first);
      batch.copy(columns, first, count, 0);
      return count;
    },
  };
}

/** Rows drawn from the signature when they are taken: a row may be an image, and drawing it takes its time. */
export function drawnInputs({ encoder, signature }: LoadedModel, rows: number): WarmUpInputs {
  const drawn = sampleRows(signature, { rows: Number.POSITIVE_INFINITY, random: seededRandom(seed) });
  return {
    kind: 'drawn',
    distinct: rows,
    take(batch, _at, count) {
      batch.ensure(count);
      for (let row = 0; row < count; row++) {
        const refusal = encoder.encode(drawn.next().value, batch, row);
        if (refusal !== null) throw new TypeError(`a row drawn from the signature is refused: ${refusal.message}`);
      }
      return count;
    },
  };
}
