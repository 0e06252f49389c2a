import { Controller, Get, Inject, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { api } from '#libs/contracts/index.js';
import { ZodPipe } from '#libs/nest/index.js';
import { ReadFindings } from './read-findings.js';
import { ReadMetrics } from './read-metrics.js';
import { ReadDrift, ReadQuality } from './read-windows.js';

@Controller('api/monitoring')
export class MonitoringController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('metrics')
  metrics(@Query(new ZodPipe(api.metricsQuery, 'query')) query: api.MetricsQuery): Promise<api.MetricsAnswer> {
    return this.queries.execute(new ReadMetrics(query));
  }

  @Get('drift')
  drift(@Query(new ZodPipe(api.windowsQuery, 'query')) query: api.WindowsQuery): Promise<api.DriftAnswer> {
    return this.queries.execute(new ReadDrift(query));
  }

  @Get('quality')
  quality(@Query(new ZodPipe(api.windowsQuery, 'query')) query: api.WindowsQuery): Promise<api.QualityAnswer> {
    return this.queries.execute(new ReadQuality(query));
  }

  @Get('findings')
  findings(@Query(new ZodPipe(api.findingsQuery, 'query')) query: api.FindingsQuery): Promise<api.FindingList> {
    return this.queries.execute(new ReadFindings(query));
  }
}
