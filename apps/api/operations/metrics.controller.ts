import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { expositionOf, type FleetMetrics, type Metrics, type ToldMetrics } from '#libs/nest/index.js';
import { tokens } from '../tokens.js';

@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(tokens.metrics) private readonly metrics: Metrics,
    @Inject(tokens.fleetMetrics) private readonly fleet: FleetMetrics,
    @Inject(tokens.toldMetrics) private readonly told: ToldMetrics,
  ) {}

  /** Of this process, of all serving processes together, and of each monitoring process. */
  @Get()
  async scrape(@Res() reply: FastifyReply): Promise<void> {
    const [own, fleet] = await Promise.all([this.metrics.families(), this.fleet.families()]);
    await reply.type(this.metrics.contentType).send(await expositionOf(...own, ...fleet, ...this.told.families()));
  }
}
