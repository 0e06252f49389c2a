import { Controller, Get, Inject, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { api } from '#libs/contracts/index.js';
import { ZodPipe } from '#libs/nest/index.js';
import { ReadMetrics } from './read-metrics.js';

@Controller('api/monitoring')
export class MonitoringController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('metrics')
  metrics(@Query(new ZodPipe(api.metricsQuery, 'query')) query: api.MetricsQuery): Promise<api.MetricsAnswer> {
    return this.queries.execute(new ReadMetrics(query));
  }
}
