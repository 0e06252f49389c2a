import { Module, type DynamicModule } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { HealthModule } from '#libs/nest/index.js';
import { ArtifactsController } from './artifacts/artifacts.controller.js';
import { Commands } from './commands.js';
import { DeployHandler } from './deployments/deploy.js';
import { DeploymentStatusHandler } from './deployments/deployment-status.js';
import { DeploymentsController } from './deployments/deployments.controller.js';
import { RetireDeploymentHandler } from './deployments/retire.js';
import { EventsController } from './events/events.controller.js';
import { ListEventsHandler } from './events/list-events.js';
import { ModelsController } from './models/models.controller.js';
import { GetModelHandler, ListModelsHandler } from './models/read-models.js';
import { RegisterModelHandler } from './models/register-model.js';
import { MetricsController } from './operations/metrics.controller.js';
import type { Parts } from './parts.js';
import { tokens } from './tokens.js';
import { ExplainHandler } from './why/explain.js';
import { WhyController } from './why/why.controller.js';

const handlers = [
  RegisterModelHandler,
  ListModelsHandler,
  GetModelHandler,
  DeployHandler,
  RetireDeploymentHandler,
  DeploymentStatusHandler,
  ExplainHandler,
  ListEventsHandler,
];

@Module({})
export class AppModule {
  static with(parts: Parts): DynamicModule {
    return {
      module: AppModule,
      imports: [CqrsModule.forRoot(), HealthModule.register(parts.health)],
      controllers: [
        ArtifactsController,
        ModelsController,
        DeploymentsController,
        WhyController,
        EventsController,
        MetricsController,
      ],
      providers: [...partProviders(parts), Commands, ...handlers],
    };
  }
}

const partProviders = (parts: Parts) =>
  Object.entries(tokens).map(([name, provide]) => ({ provide, useValue: parts[name as keyof typeof tokens] }));
