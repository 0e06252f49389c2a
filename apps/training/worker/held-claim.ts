import { setTimeout as delay } from 'node:timers/promises';
import type { DataFinding, StageResult, TrainingSpec, TrainingStage } from '#libs/contracts/index.js';
import { trainingJobDefinition, type TrainingJobCommand, type TrainingJobState } from '#libs/domain/index.js';
import { AppendContention, StreamTimeout, StreamUnavailable } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import type { WorkerOptions } from './worker-options.js';

/** Why a worker lets go of a job. */
export class ClaimOver extends Error {
  constructor(
    readonly reason: 'lost' | 'expired' | 'shutdown',
    message: string,
  ) {
    super(message);
  }
}

export interface ClaimedJob {
  readonly jobId: string;
  readonly claim: number;
  /** EVENTS sequence of the claim. */
  readonly seq: number;
  readonly spec: TrainingSpec;
  readonly results: readonly StageResult[];
}

/** How often in the time of a claim the worker is heard of. */
const beatsPerClaim = 3;
const retryMs = 500;

/** What a worker says of the job it has. Whatever it says is refused once another claim stands, and then `signal` aborts. */
export class HeldClaim {
  readonly #abort = new AbortController();
  readonly #options: WorkerOptions;
  readonly #job: ClaimedJob;
  #progress: { stage: TrainingStage; share: number } | null = null;
  #heardMs: number;
  #beating: Promise<void>;

  constructor(options: WorkerOptions, job: ClaimedJob) {
    this.#options = options;
    this.#job = job;
    this.#heardMs = options.clock.monotonic();
    this.#beating = this.#beat();
  }

  /** Aborts with ClaimOver. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get number(): number {
    return this.#job.claim;
  }

  get seq(): number {
    return this.#job.seq;
  }

  /** Told with the next beat. @param share of the stage, 0 to 1 */
  report(stage: TrainingStage, share: number): void {
    this.#progress = { stage, share: Math.min(1, Math.max(0, share)) };
  }

  /** @throws ClaimOver when another claim stands. */
  async finishStage(result: StageResult, durationS: number): Promise<TrainingJobState> {
    this.#progress = null;
    return this.#say(
      { type: 'FinishStage', claim: this.number, result, duration_s: durationS },
      `finish ${result.stage}`,
    );
  }

  /** @throws ClaimOver when another claim stands. */
  async fail(code: string, message: string, findings?: readonly DataFinding[]): Promise<void> {
    const told = findings === undefined ? {} : { findings: thatFit(findings) };
    await this.#say({ type: 'FailJob', claim: this.number, code, message: message.slice(0, 8000), ...told }, 'fail');
  }

  /** Gives the job back, as far as the log can be reached. */
  async release(reason: 'shutdown' | 'error'): Promise<void> {
    try {
      await this.#say({ type: 'Release', claim: this.number, reason }, 'release');
    } catch (error) {
      this.#options.logger.warn(
        { reason: messageOf(error), job_id: this.#job.jobId },
        'the job could not be given back',
      );
    }
  }

  /** The job is over for this worker. */
  async end(over: ClaimOver): Promise<void> {
    this.#abort.abort(over);
    await this.#beating;
  }

  /** Never rejects. */
  async #beat(): Promise<void> {
    const { spec } = this.#job;
    const pauseMs = (spec.claim_s * 1000) / beatsPerClaim;
    for (;;) {
      await delay(pauseMs, undefined, { signal: this.signal }).catch(() => undefined);
      if (this.signal.aborted) return;
      if (this.#progress === null) continue;
      const { stage, share: progress } = this.#progress;
      await this.#say({ type: 'Progress', claim: this.number, stage, progress }, undefined).catch((error: unknown) => {
        if (this.signal.aborted) return;
        this.#options.logger.error({ err: error, job_id: this.#job.jobId }, 'a worker cannot be heard of');
      });
    }
  }

  /** Repeats what the log does not answer for as long as the claim stands: behind its end another worker may have the job. */
  async #say(command: TrainingJobCommand, once: string | undefined): Promise<TrainingJobState> {
    const { aggregates, clock, ids, name } = this.#options;
    const { jobId, spec } = this.#job;
    for (;;) {
      const askedMs = clock.monotonic();
      if (askedMs - this.#heardMs > spec.claim_s * 1000)
        throw this.#over('expired', 'the claim has run out: the log does not answer');
      const meta = commandMeta({
        ...{ actor: `system:${name}`, call: `training ${command.type}`, target: jobId },
        idempotencyKey: once === undefined ? undefined : `${this.number} ${once}`,
        ...{ body: once === undefined ? command : { claim: this.number, once }, at: clock.now(), ids },
      });
      try {
        const said = await aggregates.execute(trainingJobDefinition, jobId, command, meta);
        if (!said.ok) throw this.#over('lost', said.rejection.detail);
        this.#heardMs = askedMs;
        return said.value.state;
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.#options.logger.warn({ reason: messageOf(error), job_id: jobId }, 'the log does not take what a job says');
        await delay(retryMs, undefined, { signal: this.signal });
      }
    }
  }

  #over(reason: ClaimOver['reason'], message: string): ClaimOver {
    const over = new ClaimOver(reason, message);
    this.#abort.abort(over);
    return over;
  }
}

const isTransient = (error: unknown): boolean =>
  error instanceof StreamTimeout || error instanceof StreamUnavailable || error instanceof AppendContention;

/** Bytes that findings may take of an event. */
const mostFindingsBytes = 500_000;

/** The first findings, as many as an event holds: the job's end has to be told. */
export function thatFit(findings: readonly DataFinding[]): readonly DataFinding[] {
  let bytes = 0;
  const beyond = findings.findIndex(
    (finding) => (bytes += Buffer.byteLength(JSON.stringify(finding))) > mostFindingsBytes,
  );
  return beyond < 0 ? findings : findings.slice(0, beyond);
}
