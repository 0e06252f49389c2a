import { Controller, Get, Inject, Module, Req, Res, type DynamicModule } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HealthModule, HealthRegistry, Metrics } from '#libs/nest/index.js';
import { mergeMetrics } from './http/merge-metrics.js';
import type { PredictHealth } from './predict-health.js';

/** What the controllers ask the process for. */
export interface ServingFacade {
  readonly metrics: Metrics;
  readonly health: HealthRegistry;
  predictHealth(): PredictHealth;
  /** The api's exposition, asked for with the caller's own token; null while it does not answer. */
  apiMetrics(authorization: string | undefined): Promise<string | null>;
}

const servingFacade = Symbol('ServingFacade');

@Controller()
class ServingController {
  constructor(@Inject(servingFacade) private readonly serving: ServingFacade) {}

  @Get('api/predict/health')
  predictHealth(): PredictHealth {
    return this.serving.predictHealth();
  }

  @Get('metrics')
  async metrics(@Req() { headers }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { metrics } = this.serving;
    const [own, ofApi] = await Promise.all([metrics.text(), this.serving.apiMetrics(headers.authorization)]);
    await reply.header('content-type', metrics.contentType).send(ofApi === null ? own : mergeMetrics(own, ofApi));
  }
}

/** The routes of a serving process that are not worth a fast path. Predictions never come here. */
@Module({})
export class ServingModule {
  static register(facade: ServingFacade): DynamicModule {
    return {
      module: ServingModule,
      imports: [HealthModule.register(facade.health)],
      controllers: [ServingController],
      providers: [{ provide: servingFacade, useValue: facade }],
    };
  }
}
