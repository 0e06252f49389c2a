import {
  subjects,
  type JobLogLine,
  type RecordedTrial,
  type TrainingStage,
  type Trial,
} from '#libs/contracts/index.js';
import type { StreamStore } from '#libs/event-log/index.js';
import { isoTime, messageOf, type Clock } from '#libs/kernel/index.js';
import type { Logger } from '#libs/nest/index.js';

export interface JobLogOptions {
  readonly jobId: string;
  readonly worker: string;
  readonly operations: StreamStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when the job is no longer this worker's: lines that a log which is away does not take then are not waited for. */
  readonly signal: AbortSignal;
}

/** As long as a line may be. */
const mostCharacters = 8192;
/** Lines that wait for the log; what is beyond them is counted, and said. */
const mostWaiting = 10_000;
/** Lines that are under way together, in order: a trainer that says much would wait for the disk line by line. */
const linesAtOnce = 64;

/** The log of one job and its trials, on OPERATIONS. A line is best effort; a trial is stored before it counts. */
export class JobLog {
  readonly #options: JobLogOptions;
  #stage: TrainingStage | null = null;
  readonly #lines: JobLogLine[] = [];
  #writing: Promise<void> | null = null;
  #leftOut = 0;
  #away = false;

  constructor(options: JobLogOptions) {
    this.#options = options;
  }

  /** Of the lines from here on. */
  set stage(stage: TrainingStage | null) {
    this.#stage = stage;
  }

  info(message: string): void {
    this.#line('info', message);
  }

  warn(message: string): void {
    this.#line('warn', message);
  }

  error(message: string): void {
    this.#line('error', message);
  }

  /** @throws what publishing throws: the trial is not stored then, or may not be. */
  async trial(trial: Trial): Promise<void> {
    const { clock, worker, operations, jobId } = this.#options;
    const recorded: RecordedTrial = { ...trial, at: isoTime(clock.now()), worker };
    await operations.publish({ subject: subjects.trials(jobId), headers: {}, data: encoded(recorded) });
  }

  /** Resolves when what was said is stored, or is given up. */
  async written(): Promise<void> {
    await this.#writing;
  }

  #line(level: JobLogLine['level'], message: string): void {
    const { clock, worker } = this.#options;
    if (this.#lines.length >= mostWaiting) {
      this.#leftOut++;
      return;
    }
    const left = this.#leftOut === 0 ? '' : ` (${this.#leftOut} lines before this one were left out)`;
    this.#leftOut = 0;
    const text = `${message.toWellFormed().slice(0, mostCharacters - left.length)}${left}`;
    const line: JobLogLine = { at: isoTime(clock.now()), stage: this.#stage, level, message: text, worker };
    this.#lines.push(line);
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = null));
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    await Promise.resolve();
    while (this.#lines.length > 0) {
      const lines = this.#lines.splice(0, this.#away ? 1 : linesAtOnce);
      await Promise.all(lines.map((line) => this.#write(line)));
    }
  }

  async #write(line: JobLogLine): Promise<void> {
    const { operations, jobId, logger, signal } = this.#options;
    try {
      if (this.#away && signal.aborted) throw new Error('the log is away and the job is over');
      await operations.publish({ subject: subjects.jobLog(jobId), headers: {}, data: encoded(line) });
      this.#away = false;
    } catch (error) {
      this.#away = true;
      logger.warn({ reason: messageOf(error), job_id: jobId, line: line.message }, 'a line of a job is lost');
    }
  }
}

const encoded = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
