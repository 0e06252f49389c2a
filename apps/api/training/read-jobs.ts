import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api, Rejection } from '#libs/contracts/index.js';
import { trainingJobDefinition } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import type { Result } from '#libs/kernel/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { ReadAt } from '#libs/projecting/index.js';
import type { JobAt, JobsAt, TrainingQueries } from '#projections/training/index.js';
import { tokens } from '../tokens.js';
import { JobTrials } from './trials.js';

export type JobList = z.infer<typeof api.jobList>;

export class GetJob extends Query<api.JobView> {
  constructor(
    readonly job: string,
    readonly at: ReadAt,
  ) {
    super();
  }
}

export class ListJobs extends Query<JobList> {
  constructor(readonly at: JobsAt) {
    super();
  }
}

@QueryHandler(GetJob)
export class GetJobHandler implements IQueryHandler<GetJob> {
  constructor(
    @Inject(tokens.training) private readonly training: TrainingQueries,
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(JobTrials) private readonly trials: JobTrials,
  ) {}

  async execute({ job, at }: GetJob): Promise<api.JobView> {
    const { view, results } = acceptedOrThrow(await this.find(job, at));
    if (view.spec.search === null) return view;
    const until = at.as_of === undefined ? Infinity : await this.training.logTimeAt(view.as_of_seq);
    const { trials, best } = await this.trials.of(job, results, until);
    return { ...view, trials: [...trials], best_trial: best };
  }

  /** A job is asked for as soon as it is started: that there is none now is taken on the log's word alone. */
  private async find(job: string, at: ReadAt): Promise<Result<JobAt, Rejection>> {
    const read = await this.training.getJob(job, at);
    if (read.ok || read.rejection.code !== 'job_not_found' || at.as_of !== undefined) return read;
    const { seq } = await this.store.load(trainingJobDefinition, job, { consistency: 'leader' });
    return seq === 0 ? read : this.training.getJob(job, { min_seq: seq });
  }
}

@QueryHandler(ListJobs)
export class ListJobsHandler implements IQueryHandler<ListJobs> {
  constructor(@Inject(tokens.training) private readonly training: TrainingQueries) {}

  async execute({ at }: ListJobs): Promise<JobList> {
    return acceptedOrThrow(await this.training.listJobs(at));
  }
}
