import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { trainingJobDefinition } from '#libs/domain/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import { runJob } from '../job/run-job.js';
import { ClaimOver, HeldClaim, type ClaimedJob } from './held-claim.js';
import { OpenJobs } from './open-jobs.js';
import type { WorkerOptions } from './worker-options.js';

const retryMs = 1_000;

/**
 * Takes jobs that wait, one at a time, the oldest first. Holds nothing but what the log says: a claim is an event, so of
 * two workers that reach for one job the log lets one have it; and a worker that is killed leaves a job that the next one
 * goes on with behind its last finished stage.
 */
export class TrainingWorker {
  readonly #stopping = new AbortController();
  readonly #jobs = new OpenJobs();
  #working: { readonly jobId: string; readonly held: HeldClaim } | null = null;
  #wake: () => void = () => undefined;
  #tasks: readonly Promise<void>[] = [];
  #caughtUp = false;

  constructor(private readonly options: WorkerOptions) {}

  /** Empties the folder of what a former process left, and begins. */
  async start(): Promise<void> {
    const { work } = this.options.folders;
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true });
    this.#tasks = [this.#follow(), this.#work()];
  }

  /** Gives back the job it has. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#working?.held.end(new ClaimOver('shutdown', 'the worker stops'));
    await Promise.all(this.#tasks);
  }

  async #follow(): Promise<void> {
    const { events, logger } = this.options;
    const { signal } = this.#stopping;
    let pastSeq: number | undefined;
    while (!signal.aborted) {
      try {
        pastSeq ??= (await events.head()).lastSeq;
        this.#caughtUp ||= this.#jobs.sequence >= pastSeq;
        for await (const records of events.follow({ fromSeq: this.#jobs.sequence + 1, signal })) {
          this.#jobs.fold(records);
          this.#caughtUp ||= this.#jobs.sequence >= pastSeq;
          await this.#letGo();
          if (this.#caughtUp) this.#wake();
        }
      } catch (error) {
        logger.error({ err: error }, 'the governance log cannot be followed');
      }
      await pause(retryMs, signal);
    }
  }

  /** A job that was cancelled, timed out or taken by another worker is left at once. */
  async #letGo(): Promise<void> {
    const working = this.#working;
    if (working === null || this.#jobs.holds(working.jobId, working.held)) return;
    await working.held.end(new ClaimOver('lost', 'the job has ended, or another worker has it'));
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const seen = this.#jobs.sequence;
      const job = await this.#claimNext();
      if (job !== null) await this.#run(job);
      else if (this.#jobs.sequence === seen) await this.#news();
    }
  }

  /** Resolves when the log has gone on, a claim is to be tried again, or the worker stops. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#stopping.signal.aborted) resolve();
    });
  }

  async #claimNext(): Promise<ClaimedJob | null> {
    const { name, incarnation, logger } = this.options;
    if (!this.#caughtUp) return null;
    for (const jobId of this.#jobs.claimable(name, incarnation)) {
      try {
        const claimed = await this.#claim(jobId);
        if (claimed !== null) return claimed;
      } catch (error) {
        logger.warn({ reason: messageOf(error), job_id: jobId }, 'the job could not be claimed yet');
        void pause(retryMs, this.#stopping.signal).then(() => {
          this.#wake();
        });
        return null;
      }
    }
    return null;
  }

  async #claim(jobId: string): Promise<ClaimedJob | null> {
    const { aggregates, clock, ids, name, incarnation } = this.options;
    const meta = commandMeta({
      ...{ actor: `system:${name}`, call: 'training claim', target: jobId },
      ...{ body: { incarnation }, at: clock.now(), ids },
    });
    const command = { type: 'ClaimJob', worker: name, incarnation } as const;
    const answer = await aggregates.execute(trainingJobDefinition, jobId, command, meta);
    // Another worker was first, or the job has just ended: the log will tell.
    if (!answer.ok || answer.value.event.type !== 'TrainingClaimed') return null;
    const { event, seq, state } = answer.value;
    return { jobId, claim: event.data.claim, seq, spec: state.requested!.spec, results: state.results };
  }

  async #run(job: ClaimedJob): Promise<void> {
    const { logger } = this.options;
    const held = new HeldClaim(this.options, job);
    this.#working = { jobId: job.jobId, held };
    const about = { job_id: job.jobId, claim: job.claim, model: job.spec.model };
    logger.info(about, 'a training job is taken');
    try {
      if (this.#stopping.signal.aborted) throw new ClaimOver('shutdown', 'the worker stops');
      await runJob(this.options, job, held);
      logger.info(about, 'the training job is done');
    } catch (error) {
      const over = held.signal.aborted ? (held.signal.reason as unknown) : error;
      logger.warn({ ...about, reason: messageOf(over) }, 'the training job is left');
      if (!(over instanceof ClaimOver)) await this.#giveBack(job, 'error');
      else if (over.reason === 'shutdown') await this.#giveBack(job, 'shutdown');
    } finally {
      await held.end(new ClaimOver('lost', 'the job is done'));
      this.#working = null;
    }
  }

  /** Says so by a claim of its own: the job's may be aborted. What failed without a reason of the job's is tried again. */
  async #giveBack(job: ClaimedJob, reason: 'shutdown' | 'error'): Promise<void> {
    if (reason === 'error') await pause(retryMs, this.#stopping.signal);
    const held = new HeldClaim(this.options, job);
    await held.release(reason);
    await held.end(new ClaimOver('shutdown', 'the job is given back'));
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  delay(milliseconds, undefined, { signal }).catch(() => undefined);
