import { messageOf, type Clock } from '#libs/kernel/index.js';
import type { Column } from './columns.js';
import { deadlineExceeded, InferenceError, modelFailed } from './errors.js';
import { addPart, Run, type Gathering, type Part, type RowSource } from './gathering.js';
import type { InputBatch } from './input-batch.js';
import type { LoadedModel } from './model.js';
import type { RunObserver } from './run-observer.js';

/** What a batcher lends to its runs. */
export interface GatheringRunnerOptions {
  readonly model: Pick<LoadedModel, 'run'>;
  readonly observer: RunObserver | undefined;
  readonly clock: Clock;
  /** An empty one. */
  readonly newGathering: () => Gathering<InputBatch>;
  /** Nobody reads the rows of a run any more. */
  readonly giveBack: (batch: RowSource) => void;
  /** So many rows have their outcome, which their request is told next. */
  readonly settled: (rows: number) => void;
}

/** Runs the rows of one gathering and tells their requests; when the run of several fails, each by itself. */
export class GatheringRunner {
  readonly #context: GatheringRunnerOptions;

  constructor(options: GatheringRunnerOptions) {
    this.#context = options;
  }

  /** Never rejects: every failure is the outcome of a request. */
  async run(gathering: Gathering): Promise<void> {
    const { model, observer, clock, giveBack, settled } = this.#context;
    const begunAt = clock.monotonic();
    const isDue = gathering.deadlineAt <= begunAt;
    const { batch, rows, parts } = isDue ? this.#withoutExpired(gathering, begunAt) : gathering;
    if (rows === 0) return;
    const inputs = batch.view(0, rows);
    const inputsAt = clock.monotonic();
    try {
      const outputs = await model.run(inputs, rows, observer);
      const timing = { begunAt, inputsAt, endedAt: clock.monotonic() };
      const run = new Run(rows, inputs, outputs, timing, () => {
        giveBack(batch);
      });
      for (const { request, order, firstRow, rows: count } of parts) {
        settled(count);
        request.succeed(order, { run, firstRow, rows: count });
      }
    } catch (thrown) {
      const error = inferenceError(thrown);
      const alone = parts.length > 1 && error.code !== 'model_disposed';
      for (const part of parts) {
        if (alone) await this.#repeat(batch, part);
        else this.#fail(part, error, batch.view(part.firstRow, part.rows));
      }
    }
  }

  /** Fails the requests that nobody waits for any more; the others' rows, in a batch of their own. */
  #withoutExpired({ batch, parts }: Gathering, now: number): Gathering {
    const kept = this.#context.newGathering();
    for (const part of parts) {
      const { request, order, firstRow, rows } = part;
      const inputs = batch.view(firstRow, rows);
      if (request.deadlineAt <= now) this.#fail(part, deadlineExceeded(), inputs);
      else {
        kept.batch.copy(inputs, 0, rows, kept.rows);
        addPart(kept, { request, order, firstRow: kept.rows, rows });
      }
    }
    return kept;
  }

  /** One request of a run that failed, by itself. */
  async #repeat(batch: RowSource, part: Part): Promise<void> {
    const { model, observer, clock, settled } = this.#context;
    const { request, order, rows } = part;
    const begunAt = clock.monotonic();
    const inputs = batch.view(part.firstRow, rows);
    if (request.deadlineAt <= begunAt) {
      this.#fail(part, deadlineExceeded(), inputs);
      return;
    }
    const inputsAt = clock.monotonic();
    try {
      const outputs = await model.run(inputs, rows, observer);
      const timing = { begunAt, inputsAt, endedAt: clock.monotonic() };
      settled(rows);
      request.succeed(order, { run: new Run(rows, inputs, outputs, timing, () => undefined), firstRow: 0, rows });
    } catch (thrown) {
      this.#fail(part, inferenceError(thrown), inputs);
    }
  }

  /** The buffers of a failed run are not used again: the outcome's inputs stay as they are. */
  #fail({ request, order, rows }: Part, error: InferenceError, inputs: readonly Column[]): void {
    this.#context.settled(rows);
    request.fail(order, error, { run: { rows, inputs }, firstRow: 0, rows });
  }
}

const inferenceError = (thrown: unknown): InferenceError =>
  thrown instanceof InferenceError ? thrown : modelFailed(messageOf(thrown), thrown);
