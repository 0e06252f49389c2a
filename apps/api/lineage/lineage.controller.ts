import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { ZodPipe } from '#libs/nest/index.js';
import { lineageQuery, modelLineageQuery, modelParams } from '../catalogue/registry-queries.js';
import { ReadLineage, type OpenLineage } from './read-lineage.js';

@Controller('api')
export class LineageController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('lineage')
  around(
    @Query(new ZodPipe(lineageQuery, 'query')) { node, ...query }: z.output<typeof lineageQuery>,
  ): Promise<api.LineageGraph | OpenLineage> {
    return this.queries.execute(new ReadLineage({ node }, query));
  }

  @Get('models/:model_id/lineage')
  ofModel(
    @Param(new ZodPipe(modelParams)) { model_id }: z.output<typeof modelParams>,
    @Query(new ZodPipe(modelLineageQuery, 'query')) { version, ...query }: z.output<typeof modelLineageQuery>,
  ): Promise<api.LineageGraph | OpenLineage> {
    return this.queries.execute(new ReadLineage({ model: model_id, version }, query));
  }
}
