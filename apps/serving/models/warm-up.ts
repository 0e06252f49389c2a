import { setImmediate as turn } from 'node:timers/promises';
import { decodeChunk, type ProblemCode, type WarmupRequests } from '#libs/contracts/index.js';
import { InputBatch, sampleRows, seededRandom, type LoadedModel } from '#libs/inference/index.js';
import { accept, messageOf, reject, type Result } from '#libs/kernel/index.js';
import { recordedInputs, type InputRows } from './recorded-inputs.js';
import { rowRejection } from '../prediction/refusals.js';

export interface WarmUpOptions {
  /** The newest recorded message of the deployment's predictions; undefined where there is none. */
  readonly newestRecorded: () => Promise<Uint8Array | undefined>;
}

export interface WarmUpFailure {
  readonly code: 'warmup_failed';
  readonly reason: string;
}

/** Rows of one run: it occupies the event loop, and other versions answer requests meanwhile. */
const rowsAtOnce = 8;
/** Rows drawn from a signature are the same in every process. */
const seed = 1;

/**
 * Has a version answer requests before it takes traffic, and throws the answers away: given inputs, or the newest recorded
 * ones of its deployment, repeated to as many as were asked for. Where none are recorded, or they are not this version's
 * inputs, rows are drawn from its signature.
 * @returns how many it answered. A given input that it refuses, or any input but a drawn one that it fails on, is a failure:
 * a drawn row may be one that no caller would send.
 */
export async function warmUp(
  model: LoadedModel,
  requests: WarmupRequests,
  options: WarmUpOptions,
): Promise<Result<number, WarmUpFailure>> {
  if (typeof requests !== 'number') {
    const given = givenInputs(model, requests);
    return given.ok ? answer(model, given.value, requests.length, 'given') : given;
  }
  if (requests === 0) return accept(0);
  const recorded = await newestInputs(model, requests, options);
  return recorded === null
    ? answer(model, drawnInputs(model, requests), requests, 'drawn')
    : answer(model, recorded, requests, 'recorded');
}

function givenInputs(
  { encoder, signature }: LoadedModel,
  inputs: readonly unknown[],
): Result<InputRows, WarmUpFailure> {
  const batch = new InputBatch(encoder.inputColumns, inputs.length);
  for (const [row, input] of inputs.entries()) {
    const refusal = encoder.encode(input, batch, row);
    if (refusal === null) continue;
    const { code, detail, errors } = rowRejection(refusal, signature, `warmup_requests[${row}]`);
    return reject(failed(code, detail, errors?.[0]?.path));
  }
  return accept({ columns: batch.view(0, inputs.length), rows: inputs.length });
}

const failed = (code: ProblemCode, detail: string, path?: string): WarmUpFailure => ({
  code: 'warmup_failed',
  reason: path === undefined || detail.includes(path) ? `${code}: ${detail}` : `${code} at ${path}: ${detail}`,
});

/** What cannot be read is no reason against the version. */
async function newestInputs(
  model: LoadedModel,
  limit: number,
  { newestRecorded }: WarmUpOptions,
): Promise<InputRows | null> {
  try {
    const data = await newestRecorded();
    return data === undefined ? null : recordedInputs(decodeChunk(data), model, limit);
  } catch {
    return null;
  }
}

function drawnInputs({ encoder, signature }: LoadedModel, rows: number): InputRows {
  const batch = new InputBatch(encoder.inputColumns, rows);
  let filled = 0;
  for (const row of sampleRows(signature, { rows, random: seededRandom(seed) }))
    if (encoder.encode(row, batch, filled) === null) filled += 1;
  return { columns: batch.view(0, filled), rows: filled };
}

async function answer(
  model: LoadedModel,
  { columns, rows }: InputRows,
  wanted: number,
  kind: 'given' | 'recorded' | 'drawn',
): Promise<Result<number, WarmUpFailure>> {
  const batch = new InputBatch(model.inputColumns, rowsAtOnce);
  let answered = 0;
  if (rows === 0) return accept(answered);
  for (let asked = 0; asked < wanted;) {
    const first = asked % rows;
    const count = Math.min(rowsAtOnce, wanted - asked, rows - first);
    batch.copy(columns, first, count, 0);
    try {
      await model.run(batch.view(0, count), count);
      answered += count;
    } catch (error) {
      if (kind !== 'drawn')
        return reject({ code: 'warmup_failed', reason: `it fails on ${kind} inputs: ${messageOf(error)}` });
    }
    asked += count;
    await turn();
  }
  return accept(answered);
}
