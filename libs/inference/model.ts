import { accept, messageOf, reject, type Result } from '#libs/kernel/index.js';
import type { InputColumnSpec, OutputColumnSpec, OutputInfo, Signature } from '#libs/contracts/index.js';
import { knownCategories, removeZipMap, type KnownCategories } from '#libs/onnx/index.js';
import type { Column, ColumnInfo, RunOutputs } from './columns.js';
import { InferenceError, modelDisposed, modelFailed, type LoadRejection } from './errors.js';
import { InputBatch } from './input-batch.js';
import { outputReader, type PredictionOutput } from './output-reader.js';
import { rowEncoder, type RowEncoder } from './row-encoder.js';
import type { RunObserver } from './run-observer.js';
import { createSession, runSession, type Session, type SessionOptions } from './session.js';

export interface LoadOptions extends SessionOptions {
  /**
   * Run several rows at once where the graph allows it (default true). A graph whose batch dimension is fixed at one,
   * or that fails on several rows, is run row by row in any case.
   */
  readonly batching?: boolean;
}

/** A model that has run. Shared by requests; `dispose` when no new one will come. */
export interface LoadedModel {
  /** As given, with the open dimensions of the outputs (all but the batch) as the warm-up found them. */
  readonly signature: Signature;
  readonly encoder: RowEncoder;
  /** One per graph input, in the graph's order: as a recorded chunk describes them. */
  readonly inputColumns: readonly InputColumnSpec[];
  /** One per output of the signature, in its order: as a recorded chunk describes them. */
  readonly outputColumns: readonly OutputColumnSpec[];
  /**
   * Runs `rows` rows, at least one; `inputs` as `inputColumns` with exactly `rows × width` elements, left alone until
   * the promise settles. Occupies the event loop while it computes.
   * @throws InferenceError `model_failed` with the runtime's message, or `model_disposed`.
   */
  run(inputs: readonly Column[], rows: number, observer?: RunObserver): Promise<RunOutputs>;
  outputOf(outputs: readonly Column[], row: number): PredictionOutput;
  /** Refuses further runs and frees the session once the last run is done; resolves then. */
  dispose(): Promise<void>;
}

/**
 * Loads the graph into an ONNX Runtime session of one thread and runs it twice, with one row and with several, on
 * plausible values. `bytes` and `signature` belong together (`readSignature`).
 */
export async function loadModel(
  bytes: Uint8Array,
  signature: Signature,
  options: LoadOptions = {},
): Promise<Result<LoadedModel, LoadRejection>> {
  const plain = removeZipMap(bytes);
  if (!plain.ok) return reject({ code: 'cannot_load', message: plain.rejection.detail });
  const opened = await createSession(plain.value, signature, options);
  if (!opened.ok) return opened;
  const session = opened.value;
  const encoder = rowEncoder(signature);
  const warm = await warmUp(session, signature, encoder.inputColumns, knownCategories(plain.value));
  if (!warm.ok) {
    await session.release();
    return warm;
  }
  const { outputColumns, takesSeveralRows } = warm.value;
  const completed = { ...signature, outputs: signature.outputs.map(completedOutput(warm.value.outputShapes)) };
  return accept(
    new SessionModel(
      session,
      completed,
      encoder,
      outputColumns,
      takesSeveralRows && options.batching !== false ? Number.POSITIVE_INFINITY : 1,
    ),
  );
}

class SessionModel implements LoadedModel {
  readonly inputColumns: readonly InputColumnSpec[];
  readonly outputOf: LoadedModel['outputOf'];
  readonly #session: Session;
  readonly #rowsAtOnce: number;
  #runs = 0;
  #disposal: Promise<void> | null = null;
  #onIdle: () => void = () => undefined;

  constructor(
    session: Session,
    readonly signature: Signature,
    readonly encoder: RowEncoder,
    readonly outputColumns: readonly OutputColumnSpec[],
    rowsAtOnce: number,
  ) {
    this.#session = session;
    this.#rowsAtOnce = rowsAtOnce;
    this.inputColumns = encoder.inputColumns;
    const reader = outputReader(signature);
    this.outputOf = (outputs, row) => reader.outputOf(outputs, row);
  }

  async run(inputs: readonly Column[], rows: number, observer?: RunObserver): Promise<readonly Column[]> {
    if (this.#disposal !== null) throw modelDisposed();
    this.#runs++;
    try {
      const outputs = await runSession(this.#session, this.signature, inputs, rows, this.#rowsAtOnce, observer);
      for (const [index, output] of outputs.entries()) this.#check(output, index, rows);
      return outputs;
    } catch (thrown) {
      if (thrown instanceof InferenceError) throw thrown;
      throw modelFailed(`the model cannot run on this input: ${messageOf(thrown)}`, thrown);
    } finally {
      this.#runs--;
      if (this.#runs === 0) this.#onIdle();
    }
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#idle().then(() => this.#session.release());
    return this.#disposal;
  }

  #idle(): Promise<void> {
    if (this.#runs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** The recorder lays columns out by these widths: an output of another size must not get there. */
  #check({ data }: Column, index: number, rows: number): void {
    const { name, width } = this.outputColumns[index]!;
    if (data.length === rows * width) return;
    const detail = `output '${name}' has ${data.length} elements for ${rows} rows of width ${width}`;
    throw modelFailed(detail);
  }
}

interface WarmUp {
  readonly outputColumns: readonly OutputColumnSpec[];
  /** Of one row, the batch dimension left out. */
  readonly outputShapes: readonly (readonly number[])[];
  readonly takesSeveralRows: boolean;
}

/** More than one and unlike common widths, so that an output that is not by row shows. */
const severalRows = 5;

async function warmUp(
  session: Session,
  signature: Signature,
  inputs: readonly ColumnInfo[],
  categories: KnownCategories,
): Promise<Result<WarmUp, LoadRejection>> {
  const one = await tryRows(session, signature, inputs, categories, 1);
  if (!one.ok) return one;
  const outputShapes = one.value.map(({ dims }) => dims.slice(1));
  const outputColumns = signature.outputs.map(({ name, type, role }, index) => ({
    name,
    type,
    role,
    width: outputShapes[index]!.reduce((size, length) => size * length, 1),
  }));
  const misfit = classMisfit(signature, outputColumns);
  if (misfit !== null) return reject({ code: 'cannot_run', message: misfit });
  const fixed = signature.inputs.some(({ shape }) => shape[0] === 1);
  const several = fixed ? null : await tryRows(session, signature, inputs, categories, severalRows);
  return accept({ outputColumns, outputShapes, takesSeveralRows: several?.ok === true });
}

interface ShapedOutput {
  readonly dims: readonly number[];
}

async function tryRows(
  session: Session,
  signature: Signature,
  inputs: readonly ColumnInfo[],
  categories: KnownCategories,
  rows: number,
): Promise<Result<readonly ShapedOutput[], LoadRejection>> {
  try {
    const outputs = await session.run(plausibleRows(inputs, categories, rows), rows);
    const missing = signature.outputs.find((_, index) => outputs[index]?.dims[0] !== rows);
    if (missing === undefined) return accept(outputs);
    const dims = outputs[signature.outputs.indexOf(missing)]?.dims ?? [];
    const detail = `output '${missing.name}' has shape [${dims.join(', ')}] for ${rows} rows: expected one row each`;
    return reject({ code: 'cannot_run', message: detail });
  } catch (thrown) {
    return reject({ code: 'cannot_run', message: `the model cannot run: ${messageOf(thrown)}` });
  }
}

/** Zeros, except where the graph itself lists what it accepts: an encoder may refuse an unknown category. */
function plausibleRows(inputs: readonly ColumnInfo[], categories: KnownCategories, rows: number): readonly Column[] {
  const batch = new InputBatch(inputs, rows);
  for (const { name, width, data } of batch.columns) {
    const known = categories.get(name) ?? [];
    for (let at = 0; at < rows * width; at++) {
      const category = known[at % width];
      if (category === undefined) continue;
      if (data instanceof BigInt64Array) data[at] = BigInt(category);
      else data[at] = category;
    }
  }
  return batch.view(0, rows);
}

function classMisfit({ outputs, classes }: Signature, columns: readonly ColumnInfo[]): string | null {
  const index = outputs.findIndex(({ role }) => role === 'probabilities');
  const width = columns[index]?.width;
  if (classes === undefined || width === undefined || width === classes.length) return null;
  return `output '${outputs[index]!.name}' has ${width} probabilities a row, but the graph names ${classes.length} classes`;
}

const completedOutput =
  (shapes: readonly (readonly number[])[]) =>
  (output: OutputInfo, index: number): OutputInfo => ({ ...output, shape: [null, ...shapes[index]!] });
