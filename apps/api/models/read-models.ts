import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { ListAt, RegistryQueries } from '#projections/registry/index.js';
import type { ReadAt } from '#libs/projecting/index.js';
import { tokens } from '../tokens.js';

export type ModelList = z.infer<typeof api.modelList>;

export class ListModels extends Query<ModelList> {
  constructor(readonly at: ListAt) {
    super();
  }
}

export class GetModel extends Query<api.ModelView> {
  constructor(
    readonly name: string,
    readonly at: ReadAt,
  ) {
    super();
  }
}

@QueryHandler(ListModels)
export class ListModelsHandler implements IQueryHandler<ListModels> {
  constructor(@Inject(tokens.registry) private readonly registry: RegistryQueries) {}

  async execute({ at }: ListModels): Promise<ModelList> {
    return acceptedOrThrow(await this.registry.listModels(at));
  }
}

@QueryHandler(GetModel)
export class GetModelHandler implements IQueryHandler<GetModel> {
  constructor(@Inject(tokens.registry) private readonly registry: RegistryQueries) {}

  async execute({ name, at }: GetModel): Promise<api.ModelView> {
    return acceptedOrThrow(await this.registry.getModel(name, at));
  }
}
