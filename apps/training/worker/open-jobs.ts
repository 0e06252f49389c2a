import type { GovernanceEvent } from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';

/** What a worker knows of a job that has not ended. */
interface OpenJob {
  readonly jobId: string;
  /** Where it was requested: jobs are taken in this order. */
  readonly seq: number;
  /** Who has it; null: nobody. */
  readonly claim: { readonly number: number; readonly worker: string; readonly incarnation: string } | null;
  /** Behind its last stage it waits for nobody here. */
  readonly staged: boolean;
}

/** The jobs that have not ended, folded from the log. */
export class OpenJobs {
  readonly #jobs = new Map<string, OpenJob>();
  #sequence = 0;

  /** EVENTS sequence of the last record folded. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether a claim still stands, as far as the log was read; one that was not read yet does. @param claim `seq`: of its event */
  holds(jobId: string, claim: { readonly number: number; readonly seq: number }): boolean {
    if (this.#sequence < claim.seq) return true;
    const job = this.#jobs.get(jobId);
    return job !== undefined && (job.claim === null ? job.staged : job.claim.number === claim.number);
  }

  /** Jobs that this worker may take, the oldest first: those that nobody has, and those that it had before it was restarted. */
  claimable(worker: string, incarnation: string): readonly string[] {
    return [...this.#jobs.values()]
      .filter(({ claim, staged }) => !staged && (claim === null || isOwn(claim, worker, incarnation)))
      .sort((a, b) => a.seq - b.seq)
      .map(({ jobId }) => jobId);
  }

  fold(records: readonly LogRecord<GovernanceEvent>[]): void {
    for (const record of records) {
      this.#sequence = record.seq;
      if (!isUnknown(record)) this.#foldEvent(record.seq, record.event);
    }
  }

  #foldEvent(seq: number, event: GovernanceEvent): void {
    switch (event.type) {
      case 'TrainingRequested': {
        const { job_id: jobId } = event.data;
        this.#jobs.set(jobId, { jobId, seq, claim: null, staged: false });
        return;
      }
      case 'TrainingClaimed': {
        const { job_id, claim: number, worker, incarnation } = event.data;
        this.#change(job_id, { claim: { number, worker, incarnation } });
        return;
      }
      case 'TrainingReleased':
        this.#change(event.data.job_id, { claim: null });
        return;
      case 'TrainingStageFinished':
        if (event.data.result.stage === 'package') this.#change(event.data.job_id, { claim: null, staged: true });
        return;
      case 'TrainingSucceeded':
      case 'TrainingFailed':
      case 'TrainingCancelled':
        this.#jobs.delete(event.data.job_id);
        return;
      default:
    }
  }

  #change(jobId: string, change: Partial<OpenJob>): void {
    const job = this.#jobs.get(jobId);
    if (job !== undefined) this.#jobs.set(jobId, { ...job, ...change });
  }
}

const isOwn = (claim: NonNullable<OpenJob['claim']>, worker: string, incarnation: string): boolean =>
  claim.worker === worker && claim.incarnation !== incarnation;
