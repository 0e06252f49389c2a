import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { api } from '#libs/contracts/index.js';
import { parseOrThrow, ZodPipe } from '#libs/nest/index.js';
import { listQuery, modelParams, readQuery } from '../catalogue/routes.js';
import { CallerOf, type Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { GetModel, ListModels, type ModelList } from './read-models.js';
import { receiveModel } from './receive-model.js';
import { RegisterModel, type ModelRegistered } from './register-model.js';

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
  list(@Query(new ZodPipe(listQuery, 'query')) query: z.output<typeof listQuery>): Promise<ModelList> {
    return this.queries.execute(new ListModels(query));
  }

  @Get(':model_id')
  get(
    @Param(new ZodPipe(modelParams)) { model_id }: z.output<typeof modelParams>,
    @Query(new ZodPipe(readQuery, 'query')) at: z.output<typeof readQuery>,
  ): Promise<api.ModelView> {
    return this.queries.execute(new GetModel(model_id, at));
  }
}
