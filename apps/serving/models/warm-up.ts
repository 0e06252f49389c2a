import type { WarmupRequests } from '#libs/contracts/index.js';
import { InputBatch, type LoadedModel, type RunObserver } from '#libs/inference/index.js';
import { accept, messageOf, reject, type Clock, type Result } from '#libs/kernel/index.js';
import type { PacedWork } from './paced-work.js';
import { drawnInputs, givenInputs, recordedRows, type WarmUpInputs } from './warm-up-inputs.js';

export interface WarmUpOptions {
  /** Recorded messages of the deployment's predictions, newest first. */
  readonly recorded: () => AsyncIterable<Uint8Array>;
  /** Told of the runs: a process may die of one. */
  readonly observer?: RunObserver | undefined;
  /** All versions of a process that are warmed up share it. */
  readonly paced: PacedWork;
  /** When the deployment was asked for, wall-clock milliseconds, and the seconds in which it must be loaded and warm. */
  readonly requestedAt: number;
  readonly loadTimeoutS: number;
  /** Whether the rollout goes on and the process does. */
  readonly isWanted: () => boolean;
  readonly clock: Clock;
}

export interface WarmUpFailure {
  /** `rollout_not_in_progress`: it is no longer wanted. */
  readonly code: 'warmup_failed' | 'load_timeout' | 'rollout_not_in_progress';
  readonly reason: string;
}

/** A run occupies the event loop, and other versions answer requests meanwhile: more rows only while runs stay short. */
const shortRunMs = 5;
const mostRowsAtOnce = 32;
/** Milliseconds that the model may take for inputs that the caller did not give. */
const mostMs = 2_000;
/** A cold session wants several runs: rows come again until all runs together took so many milliseconds. */
const againWithinMs = 100;

/**
 * Has a version answer requests before it takes traffic, and throws the answers away: given inputs, or the newest recorded
 * ones of its deployment. Where none are recorded, or they are not this version's inputs, rows are drawn from its signature.
 * What was not given may take 2 s of the model's time or a tenth of the load timeout, whichever is less, and ends then.
 * @returns how many it answered. A given input that it refuses, or any input but a drawn one that it fails on, is a failure
 * (a drawn row may be one that no caller would send); so are given inputs that it cannot all answer before the load timeout.
 */
export async function warmUp(
  model: LoadedModel,
  requests: WarmupRequests,
  options: WarmUpOptions,
): Promise<Result<number, WarmUpFailure>> {
  const { requestedAt, loadTimeoutS, clock, recorded, paced, isWanted } = options;
  // A twentieth is left for the answer, which must reach the supervisor before the time is over.
  const leftMs = requestedAt + 950 * loadTimeoutS - clock.now();
  if (typeof requests !== 'number') {
    const given = givenInputs(model, requests);
    if (!given.ok) return reject({ code: 'warmup_failed', reason: given.rejection });
    const limits = { modelMs: Number.POSITIVE_INFINITY, until: clock.monotonic() + leftMs };
    return new Answering(model, given.value, requests.length, limits, options).all();
  }
  if (requests === 0) return accept(0);
  const modelMs = Math.min(mostMs, 100 * loadTimeoutS);
  // Runs and the pauses after them; other versions that are warmed up meanwhile take from it.
  const limits = { modelMs, until: clock.monotonic() + Math.min(2 * modelMs, leftMs) };
  const isOver = () => !isWanted() || clock.monotonic() >= limits.until;
  const inputs =
    (await recordedRows(model, requests, { messages: recorded(), paced, isOver })) ?? drawnInputs(model, requests);
  return new Answering(model, inputs, requests, limits, options).all();
}

interface Limits {
  readonly modelMs: number;
  /** Monotonic milliseconds. */
  readonly until: number;
}

class Answering {
  readonly #batch: InputBatch;
  #asked = 0;
  #answered = 0;
  /** Of all runs, and of one row in the latest. */
  #modelMs = 0;
  #rowMs = 0;
  #rowsAtOnce = 1;

  constructor(
    private readonly model: LoadedModel,
    private readonly inputs: WarmUpInputs,
    private readonly wanted: number,
    private readonly limits: Limits,
    private readonly options: Pick<WarmUpOptions, 'observer' | 'paced' | 'isWanted' | 'clock' | 'loadTimeoutS'>,
  ) {
    this.#batch = new InputBatch(model.inputColumns, 1);
  }

  async all(): Promise<Result<number, WarmUpFailure>> {
    for (;;) {
      const ended = await this.options.paced.run(() => this.#next());
      if (ended !== null) return ended;
    }
  }

  /** One run; null when more are to follow. */
  async #next(): Promise<Result<number, WarmUpFailure> | null> {
    const { isWanted, clock, loadTimeoutS } = this.options;
    if (!isWanted()) return reject({ code: 'rollout_not_in_progress', reason: 'the rollout is no longer wanted' });
    const rows = Math.min(this.#rowsAtOnce, this.wanted - this.#asked);
    const expectedMs = this.#rowMs * rows;
    const isLate = clock.monotonic() + expectedMs >= this.limits.until;
    if (this.inputs.kind === 'given') {
      const done = `${this.#answered} of ${this.wanted} given inputs answered`;
      return isLate ? reject({ code: 'load_timeout', reason: `${done} within ${loadTimeoutS} s` }) : this.#run(rows);
    }
    const comeAgain = this.#asked >= this.inputs.distinct;
    const modelMs = comeAgain ? Math.min(againWithinMs, this.limits.modelMs) : this.limits.modelMs;
    // Whatever the time, once: a version that cannot answer at all must not go live.
    const isEnough = this.#asked > 0 && (isLate || this.#modelMs + expectedMs > modelMs);
    return isEnough ? accept(this.#answered) : this.#run(rows);
  }

  async #run(most: number): Promise<Result<number, WarmUpFailure> | null> {
    const { clock, observer } = this.options;
    const from = clock.monotonic();
    let rows = most;
    try {
      rows = this.inputs.take(this.#batch, this.#asked, most);
      await this.model.run(this.#batch.view(0, rows), rows, observer);
      this.#answered += rows;
    } catch (error) {
      if (this.inputs.kind !== 'drawn')
        return reject({
          code: 'warmup_failed',
          reason: `it fails on ${this.inputs.kind} inputs: ${messageOf(error)}`,
        });
    }
    this.#asked += rows;
    const tookMs = clock.monotonic() - from;
    this.#modelMs += tookMs;
    this.#rowMs = tookMs / rows;
    // Twice as many take twice as long.
    if (2 * tookMs < shortRunMs) this.#rowsAtOnce = Math.min(2 * this.#rowsAtOnce, mostRowsAtOnce);
    else if (tookMs >= shortRunMs) this.#rowsAtOnce = Math.ceil(this.#rowsAtOnce / 2);
    return this.#asked < this.wanted ? null : accept(this.#answered);
  }
}
