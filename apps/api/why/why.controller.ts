import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { ZodPipe } from '#libs/nest/index.js';
import { readQuery } from '../catalogue/route-parts.js';
import { whyParams } from '../catalogue/prediction-routes.js';
import { Explain } from './explain.js';

@Controller('api/why')
export class WhyController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':prediction_id')
  why(
    @Param(new ZodPipe(whyParams)) { prediction_id }: z.output<typeof whyParams>,
    @Query(new ZodPipe(readQuery, 'query')) at: z.output<typeof readQuery>,
  ): Promise<api.Why> {
    return this.queries.execute(new Explain(prediction_id, at));
  }
}
