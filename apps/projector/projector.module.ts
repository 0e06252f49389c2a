import { Module, type DynamicModule } from '@nestjs/common';
import { Projections, type ProjectionsOptions } from './projections.js';

@Module({})
export class ProjectorModule {
  static with(options: ProjectionsOptions): DynamicModule {
    return {
      module: ProjectorModule,
      providers: [{ provide: Projections, useFactory: () => new Projections(options) }],
    };
  }
}
