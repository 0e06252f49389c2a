/** What workers say of a job, line by line, on OPERATIONS. */
import { Inject, Injectable } from '@nestjs/common';
import { jobLogLine, rejection, subjects, type JobLogLine } from '#libs/contracts/index.js';
import { trainingJobDefinition, type TrainingJobState } from '#libs/domain/index.js';
import type { AggregateStore, StreamStore } from '#libs/event-log/index.js';
import { ProblemException } from '#libs/nest/index.js';
import { tokens } from '../tokens.js';

export interface LoggedLine {
  /** OPERATIONS sequence. */
  readonly seq: number;
  readonly line: JobLogLine;
}

@Injectable()
export class JobLog {
  constructor(
    @Inject(tokens.operations) private readonly operations: StreamStore,
    @Inject(tokens.store) private readonly store: AggregateStore,
  ) {}

  /** How the job has ended, as the log says now; null: it has not. @throws ProblemException `job_not_found` */
  async ended(job: string): Promise<TrainingJobState['ended']> {
    const { state } = await this.store.load(trainingJobDefinition, job, { consistency: 'leader' });
    if (state.requested === null)
      throw new ProblemException(rejection('job_not_found', `no training job has the id ${job}`));
    return state.ended;
  }

  /** At most `limit` lines with a sequence of at least `fromSeq`, all that were acknowledged before the call included. */
  async lines(job: string, fromSeq: number, limit: number): Promise<readonly LoggedLine[]> {
    const messages = await this.operations.readSubject(subjects.jobLog(job), fromSeq, 'leader', limit);
    return messages.map(({ seq, time, data }) => ({ seq, line: lineOf(data, time) }));
  }
}

/** What is no line is shown as what it is: it was written to be read. */
function lineOf(data: Uint8Array, time: number): JobLogLine {
  const text = Buffer.from(data).toString('utf8');
  try {
    return jobLogLine.parse(JSON.parse(text));
  } catch {
    const message = text.slice(0, 8192);
    return { at: new Date(time).toISOString(), stage: null, level: 'warn', message, worker: '' };
  }
}
