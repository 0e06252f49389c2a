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

@Module({})
class NestHealthModule {}

export const nestHealthModule = (registry: HealthRegistry): DynamicModule => ({
  module: NestHealthModule,
  controllers: [HealthController],
  providers: [{ provide: HealthRegistry, useValue: registry }],
  exports: [HealthRegistry],
});
