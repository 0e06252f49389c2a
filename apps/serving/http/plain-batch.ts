import { isAscii } from 'node:buffer';
import { api } from '#libs/contracts/index.js';
import type { Column, JsonRowReader } from '#libs/inference/index.js';
import { namedDeployment, readBatch, type Traits } from './request-shape.js';

/** A batch whose rows were read straight into the columns of the version that its deployment serves. */
export interface PlainBatch extends Traits {
  readonly deployment: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Whose layout the columns have. */
  readonly reader: JsonRowReader;
}

/**
 * Below it objects are as fast, and above it the objects of a batch are what its request costs most, but for the model: at
 * 1000 rows of 30 features JSON.parse and the collection of its garbage take a third of the CPU time.
 */
const leastBytes = 4096;
/** Bytes of what stands around the rows: names and ids. */
const mostAround = 2048;
const inputsKey = Buffer.from('"inputs"');

/**
 * The batch in `body`, where that is plain: names and ids without escapes, `deployment` in front of `inputs`, rows of
 * numbers that are alike. Null for every other body: parsing it whole says what it is, or what is the matter with it.
 * @param readerOf the row reader of what a deployment serves, if there is one
 */
export function readPlainBatch(
  body: Buffer,
  readerOf: (deployment: string) => JsonRowReader | null | undefined,
): PlainBatch | null {
  if (body.length < leastBytes) return null;
  const array = startOfRows(body);
  if (array < 0 || !isAscii(body)) return null;
  const head = body.toString('latin1', 0, array);
  const deployment = namedDeployment(parsed(`${head}0}`));
  const reader = deployment === undefined ? null : (readerOf(deployment) ?? null);
  const found = reader?.(body, array, api.batchLimits.rows) ?? null;
  if (reader === null || found === null || body.length - found.end > mostAround) return null;
  const tail = body.toString('latin1', found.end);
  // Another key of the same name, or one that only escapes make the same, would count instead of this one.
  if (/\\|"inputs"/.test(tail) || head.includes('\\')) return null;
  const around = readBatch(parsed(`${head}[0]${tail}`));
  // The last of two deployments counts, and the rows were read for the first.
  if (around === null || around.deployment !== deployment || around.inputs.length !== 1) return null;
  const { requestId, subjectId, routingKey } = around;
  const { columns, rows } = found;
  return { deployment, columns, rows, reader, requestId, subjectId, routingKey };
}

/** The rows of a plain batch as objects. */
export const namedInputs = (body: Buffer): readonly unknown[] =>
  (JSON.parse(body.toString('latin1')) as { inputs: unknown[] }).inputs;

/** Where the value of the first `"inputs"` begins, if that is an array near the start. */
function startOfRows(body: Buffer): number {
  const key = body.subarray(0, mostAround).indexOf(inputsKey);
  if (key < 0) return -1;
  const between = /^\s*:\s*(?=\[)/.exec(body.toString('latin1', key + inputsKey.length, key + inputsKey.length + 16));
  return between === null ? -1 : key + inputsKey.length + between[0].length;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
