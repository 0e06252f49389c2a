import { Controller, Get, Inject, Module, type DynamicModule } from '@nestjs/common';
import { HealthModule, type HealthRegistry } from '#libs/nest/index.js';
import type { PredictHealth } from './predict-health.js';

/** What the controllers ask the process for. */
export interface ServingFacade {
  readonly health: HealthRegistry;
  predictHealth(): Promise<PredictHealth>;
}

const servingFacade = Symbol('ServingFacade');

@Controller()
class ServingController {
  constructor(@Inject(servingFacade) private readonly serving: ServingFacade) {}

  @Get('api/predict/health')
  predictHealth(): Promise<PredictHealth> {
    return this.serving.predictHealth();
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
