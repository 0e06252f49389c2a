import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { api } from '#libs/contracts/index.js';
import { parseOrThrow, ZodPipe } from '#libs/nest/index.js';
import { aliasParams, compareQuery, historyQuery, modelParams } from '../catalogue/registry-queries.js';
import { readQuery, searchQuery } from '../catalogue/route-parts.js';
import { CallerOf, type Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { RemoveAlias, SetAlias, type AliasChanged } from './change-alias.js';
import { CompareVersions } from './compare-versions.js';
import { PromoteVersion, type Promoted } from './promote-version.js';
import { GetModel, ListModels, ModelHistory, type DecisionList, type ModelList } from './read-models.js';
import { receiveModel } from './receive-model.js';
import { RegisterModel, type ModelRegistered } from './register-model.js';
import { RollBackChampion, type RolledBack } from './roll-back-champion.js';

type ModelParams = z.output<typeof modelParams>;

@Controller('api/models')
export class ModelsController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(QueryBus) private readonly queries: QueryBus,
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
  ) {}

  @Post()
  @HttpCode(201)
  async register(@Req() request: FastifyRequest, @CallerOf() caller: Caller): Promise<ModelRegistered> {
    const body = request.isMultipart()
      ? await receiveModel(request, this.artifacts)
      : parseOrThrow(api.registerModel, request.body);
    return this.commands.execute(new RegisterModel(body, caller));
  }

  @Get()
  list(@Query(new ZodPipe(searchQuery, 'query')) query: z.output<typeof searchQuery>): Promise<ModelList> {
    return this.queries.execute(new ListModels(query));
  }

  @Get(':model_id')
  get(
    @Param(new ZodPipe(modelParams)) { model_id }: ModelParams,
    @Query(new ZodPipe(readQuery, 'query')) at: z.output<typeof readQuery>,
  ): Promise<api.ModelView> {
    return this.queries.execute(new GetModel(model_id, at));
  }

  @Get(':model_id/history')
  history(
    @Param(new ZodPipe(modelParams)) { model_id }: ModelParams,
    @Query(new ZodPipe(historyQuery, 'query')) query: z.output<typeof historyQuery>,
  ): Promise<DecisionList> {
    return this.queries.execute(new ModelHistory(model_id, query));
  }

  @Get(':model_id/compare')
  compare(
    @Param(new ZodPipe(modelParams)) { model_id }: ModelParams,
    @Query(new ZodPipe(compareQuery, 'query')) { versions, ...at }: z.output<typeof compareQuery>,
  ): Promise<api.Comparison> {
    const named = versions.map(({ name, selector }) => ({ model: name ?? model_id, version: selector }));
    return this.queries.execute(new CompareVersions(named, at));
  }

  @Put(':model_id/promote')
  promote(
    @Param(new ZodPipe(modelParams)) { model_id }: ModelParams,
    @Body(new ZodPipe(api.promote)) body: z.output<typeof api.promote>,
    @CallerOf() caller: Caller,
  ): Promise<Promoted> {
    return this.commands.execute(new PromoteVersion(model_id, body, caller));
  }

  @Post(':model_id/rollback')
  @HttpCode(200)
  rollBack(
    @Param(new ZodPipe(modelParams)) { model_id }: ModelParams,
    @Body(new ZodPipe(api.rollBack)) body: z.output<typeof api.rollBack>,
    @CallerOf() caller: Caller,
  ): Promise<RolledBack> {
    return this.commands.execute(new RollBackChampion(model_id, body, caller));
  }

  @Put(':model_id/aliases/:alias')
  setAlias(
    @Param(new ZodPipe(aliasParams)) { model_id, alias }: z.output<typeof aliasParams>,
    @Body(new ZodPipe(api.setAlias)) body: z.output<typeof api.setAlias>,
    @CallerOf() caller: Caller,
  ): Promise<AliasChanged> {
    return this.commands.execute(new SetAlias(model_id, alias, body, caller));
  }

  @Delete(':model_id/aliases/:alias')
  removeAlias(
    @Param(new ZodPipe(aliasParams)) { model_id, alias }: z.output<typeof aliasParams>,
    @CallerOf() caller: Caller,
  ): Promise<AliasChanged> {
    return this.commands.execute(new RemoveAlias(model_id, alias, caller));
  }
}
