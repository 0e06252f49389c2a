import { setTimeout as timer } from 'node:timers/promises';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { api } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { acceptedOrThrow, sessionOf, ZodPipe } from '#libs/nest/index.js';
import { cursorOf, readCursor } from '#libs/projecting/index.js';
import { readQuery } from '../catalogue/route-parts.js';
import { jobLogQuery, jobParams, jobsQuery } from '../catalogue/training-queries.js';
import { resumedFrom, wantsFeed } from '../events/feed-request.js';
import type { LiveFeeds } from '../events/live-feeds.js';
import { CallerOf, type Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { CancelTraining, type TrainingCancelled } from './cancel-training.js';
import { jobLogFeed } from './job-log-feed.js';
import { JobLog } from './job-log.js';
import { GetJob, ListJobs, type JobList } from './read-jobs.js';
import { StartTraining, type TrainingStarted } from './start-training.js';

type JobParams = z.output<typeof jobParams>;
type ReadQuery = z.output<typeof readQuery>;

@Controller('api/training')
export class TrainingController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(QueryBus) private readonly queries: QueryBus,
    @Inject(JobLog) private readonly log: JobLog,
    @Inject(tokens.feeds) private readonly feeds: LiveFeeds,
    @Inject(tokens.clock) private readonly clock: Clock,
  ) {}

  @Post('start')
  @HttpCode(202)
  async start(
    @Body(new ZodPipe(api.startTraining)) body: api.StartTraining,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TrainingStarted> {
    const started: TrainingStarted = await this.commands.execute(new StartTraining(body, caller));
    reply.header('location', `/api/training/status/${started.job_id}`);
    return started;
  }

  @Post('cancel/:job_id')
  @HttpCode(200)
  cancel(
    @Param(new ZodPipe(jobParams)) { job_id }: JobParams,
    @Body(new ZodPipe(api.cancelTraining)) body: z.output<typeof api.cancelTraining>,
    @CallerOf() caller: Caller,
  ): Promise<TrainingCancelled> {
    return this.commands.execute(new CancelTraining(job_id, body, caller));
  }

  @Get()
  list(@Query(new ZodPipe(jobsQuery, 'query')) query: z.output<typeof jobsQuery>): Promise<JobList> {
    return this.queries.execute(new ListJobs(query));
  }

  @Get('status/:job_id')
  status(
    @Param(new ZodPipe(jobParams)) { job_id }: JobParams,
    @Query(new ZodPipe(readQuery, 'query')) at: ReadQuery,
  ): Promise<api.JobView> {
    return this.queries.execute(new GetJob(job_id, at));
  }

  @Get('logs/:job_id')
  async logs(
    @Param(new ZodPipe(jobParams)) { job_id }: JobParams,
    @Query(new ZodPipe(jobLogQuery, 'query')) query: z.output<typeof jobLogQuery>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.log.ended(job_id);
    const list = `logs of ${job_id}`;
    const { cursor, limit } = query;
    const fromSeq = cursor === undefined ? 1 : acceptedOrThrow(readCursor(list, cursor)).seq;
    if (!wantsFeed(request)) {
      const found = await this.log.lines(job_id, fromSeq, limit + 1);
      const next = found[limit];
      const page: z.infer<typeof api.jobLogs> = {
        lines: found.slice(0, limit).map(({ line }) => line),
        next_cursor: next === undefined ? null : cursorOf({ list, seq: next.seq, after: '' }),
      };
      await reply.send(page);
      return;
    }
    const options = {
      ...{ log: this.log, job: job_id, fromSeq: resumedFrom(request) ?? fromSeq, pause },
      ...{ expiresAt: sessionOf(request).expiresAt, clock: this.clock },
    };
    await this.feeds.open(reply, (feed) => jobLogFeed({ ...options, ...feed }));
  }

  @Get(':job_id')
  get(
    @Param(new ZodPipe(jobParams)) { job_id }: JobParams,
    @Query(new ZodPipe(readQuery, 'query')) at: ReadQuery,
  ): Promise<api.JobView> {
    return this.queries.execute(new GetJob(job_id, at));
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  timer(milliseconds, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
