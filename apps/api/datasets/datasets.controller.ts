import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { z } from 'zod';
import { api } from '#libs/contracts/index.js';
import { ZodPipe } from '#libs/nest/index.js';
import { listQuery, readQuery } from '../catalogue/route-parts.js';
import { datasetParams, datasetVersionParams } from '../catalogue/training-queries.js';
import { CallerOf, type Caller } from '../http/caller.js';
import {
  GetDataset,
  GetDatasetVersion,
  ListDatasets,
  type Dataset,
  type DatasetList,
  type DatasetVersion,
} from './read-datasets.js';
import { RegisterDataset, type DatasetRegistered } from './register-dataset.js';

@Controller('api/datasets')
export class DatasetsController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(QueryBus) private readonly queries: QueryBus,
  ) {}

  @Post()
  @HttpCode(201)
  register(
    @Body(new ZodPipe(api.registerDataset)) body: z.output<typeof api.registerDataset>,
    @CallerOf() caller: Caller,
  ): Promise<DatasetRegistered> {
    return this.commands.execute(new RegisterDataset(body, caller));
  }

  @Get()
  list(@Query(new ZodPipe(listQuery, 'query')) query: z.output<typeof listQuery>): Promise<DatasetList> {
    return this.queries.execute(new ListDatasets(query));
  }

  @Get(':dataset')
  get(
    @Param(new ZodPipe(datasetParams)) { dataset }: z.output<typeof datasetParams>,
    @Query(new ZodPipe(readQuery, 'query')) at: z.output<typeof readQuery>,
  ): Promise<Dataset> {
    return this.queries.execute(new GetDataset(dataset, at));
  }

  @Get(':dataset/versions/:v')
  version(
    @Param(new ZodPipe(datasetVersionParams)) { dataset, v }: z.output<typeof datasetVersionParams>,
    @Query(new ZodPipe(readQuery, 'query')) at: z.output<typeof readQuery>,
  ): Promise<DatasetVersion> {
    return this.queries.execute(new GetDatasetVersion({ dataset, version: v }, at));
  }
}
