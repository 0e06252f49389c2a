import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { api } from '#libs/contracts/index.js';
import { ZodPipe } from '#libs/nest/index.js';
import { versionParams } from '../catalogue/registry-queries.js';
import { readQuery, searchQuery } from '../catalogue/route-parts.js';
import { CallerOf, type Caller } from '../http/caller.js';
import { requirePermission } from '../http/require-permission.js';
import { AnnotateVersion } from './annotate-version.js';
import { ArchiveVersion } from './archive-version.js';
import { DecideApproval, type ApprovalDecided } from './decide-approval.js';
import type { NamedVersion, VersionChanged } from './named-version.js';
import { OptimiseVersion, type Optimised } from './optimise-version.js';
import { GetVersion, ListVersions, type OneVersion, type VersionList } from './read-models.js';
import { RecordEvaluation, type EvaluationRecorded } from './record-evaluation.js';

type VersionParams = z.output<typeof versionParams>;

@Controller('api')
export class VersionsController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(QueryBus) private readonly queries: QueryBus,
  ) {}

  @Get('versions')
  list(@Query(new ZodPipe(searchQuery, 'query')) query: z.output<typeof searchQuery>): Promise<VersionList> {
    return this.queries.execute(new ListVersions(query));
  }

  @Get('models/:model_id/versions/:v')
  get(
    @Param(new ZodPipe(versionParams)) params: VersionParams,
    @Query(new ZodPipe(readQuery, 'query')) at: z.output<typeof readQuery>,
  ): Promise<OneVersion> {
    return this.queries.execute(new GetVersion(named(params), at));
  }

  @Post('models/:model_id/versions/:v/approval')
  @HttpCode(201)
  decide(
    @Param(new ZodPipe(versionParams)) params: VersionParams,
    @Body(new ZodPipe(api.decideApproval)) body: z.output<typeof api.decideApproval>,
    @Req() request: FastifyRequest,
    @CallerOf() caller: Caller,
  ): Promise<ApprovalDecided> {
    requirePermission(request, body.decision === 'request' ? 'register' : 'approve');
    return this.commands.execute(new DecideApproval(named(params), body, caller));
  }

  @Post('models/:model_id/versions/:v/evaluations')
  @HttpCode(201)
  evaluate(
    @Param(new ZodPipe(versionParams)) params: VersionParams,
    @Body(new ZodPipe(api.recordEvaluation)) body: z.output<typeof api.recordEvaluation>,
    @CallerOf() caller: Caller,
  ): Promise<EvaluationRecorded> {
    return this.commands.execute(new RecordEvaluation(named(params), body, caller));
  }

  @Post('models/:model_id/versions/:v/tags')
  @HttpCode(200)
  annotate(
    @Param(new ZodPipe(versionParams)) params: VersionParams,
    @Body(new ZodPipe(api.annotate)) body: z.output<typeof api.annotate>,
    @CallerOf() caller: Caller,
  ): Promise<VersionChanged> {
    return this.commands.execute(new AnnotateVersion(named(params), body, caller));
  }

  @Post('models/:model_id/versions/:v/archive')
  @HttpCode(200)
  archive(
    @Param(new ZodPipe(versionParams)) params: VersionParams,
    @Body(new ZodPipe(api.archive)) body: z.output<typeof api.archive>,
    @CallerOf() caller: Caller,
  ): Promise<VersionChanged> {
    return this.commands.execute(new ArchiveVersion(named(params), body, caller));
  }

  @Post('models/:model_id/versions/:v/optimise')
  @HttpCode(201)
  optimise(
    @Param(new ZodPipe(versionParams)) params: VersionParams,
    @Body(new ZodPipe(api.optimise)) body: z.output<typeof api.optimise>,
    @CallerOf() caller: Caller,
  ): Promise<Optimised> {
    return this.commands.execute(new OptimiseVersion(named(params), body, caller));
  }
}

const named = ({ model_id, v }: VersionParams): NamedVersion => ({ model: model_id, version: v });
