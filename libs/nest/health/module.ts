import { Controller, Get, Inject, Module, Res, type DynamicModule } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { answerLive, answerReady } from './answers.js';
import { HealthRegistry } from './registry.js';

@Controller('health')
class HealthController {
  constructor(@Inject(HealthRegistry) private readonly registry: HealthRegistry) {}

  @Get('live')
  live(@Res() reply: FastifyReply): void {
    void answerLive(reply);
  }

  @Get('ready')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    await answerReady(reply, this.registry);
  }
}

/** GET /health/live and GET /health/ready of a Nest app on Fastify; offers the registry to other modules. */
@Module({})
export class HealthModule {
  static register(registry: HealthRegistry): DynamicModule {
    return {
      module: HealthModule,
      controllers: [HealthController],
      providers: [{ provide: HealthRegistry, useValue: registry }],
      exports: [HealthRegistry],
    };
  }
}
