import type { DynamicModule } from '@nestjs/common';
import type { HealthRegistry } from './registry.js';

/** GET /health/live and GET /health/ready of a Nest app on Fastify; offers the registry to other modules. */
export const HealthModule = {
  /** For `imports` of a module, which takes promises. Nest is loaded with the first call. */
  async register(registry: HealthRegistry): Promise<DynamicModule> {
    const { nestHealthModule } = await import('./nest-module.js');
    return nestHealthModule(registry);
  },
};
