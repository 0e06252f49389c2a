import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { ReadAt } from '#libs/projecting/index.js';
import type { RegistryQueries } from '#projections/registry/index.js';
import type { historyQuery } from '../catalogue/registry-queries.js';
import type { searchQuery } from '../catalogue/route-parts.js';
import { tokens } from '../tokens.js';
import type { NamedVersion } from './named-version.js';

export type ModelList = z.infer<typeof api.modelList>;
export type VersionList = z.infer<typeof api.versionList>;
export type OneVersion = z.infer<typeof api.oneVersion>;
export type DecisionList = z.infer<typeof api.decisionList>;
type Search = z.output<typeof searchQuery>;

export class ListModels extends Query<ModelList> {
  constructor(readonly search: Search) {
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

export class ListVersions extends Query<VersionList> {
  constructor(readonly search: Search) {
    super();
  }
}

export class GetVersion extends Query<OneVersion> {
  constructor(
    readonly of: NamedVersion,
    readonly at: ReadAt,
  ) {
    super();
  }
}

export class ModelHistory extends Query<DecisionList> {
  constructor(
    readonly model: string,
    readonly query: z.output<typeof historyQuery>,
  ) {
    super();
  }
}

@QueryHandler(ListModels)
export class ListModelsHandler implements IQueryHandler<ListModels> {
  constructor(@Inject(tokens.registry) private readonly registry: RegistryQueries) {}

  async execute({ search }: ListModels): Promise<ModelList> {
    return acceptedOrThrow(await this.registry.listModels(search));
  }
}

@QueryHandler(GetModel)
export class GetModelHandler implements IQueryHandler<GetModel> {
  constructor(@Inject(tokens.registry) private readonly registry: RegistryQueries) {}

  async execute({ name, at }: GetModel): Promise<api.ModelView> {
    return acceptedOrThrow(await this.registry.getModel(name, at));
  }
}

@QueryHandler(ListVersions)
export class ListVersionsHandler implements IQueryHandler<ListVersions> {
  constructor(@Inject(tokens.registry) private readonly registry: RegistryQueries) {}

  async execute({ search }: ListVersions): Promise<VersionList> {
    return acceptedOrThrow(await this.registry.listVersions(search));
  }
}

@QueryHandler(GetVersion)
export class GetVersionHandler implements IQueryHandler<GetVersion> {
  constructor(@Inject(tokens.registry) private readonly registry: RegistryQueries) {}

  async execute({ of, at }: GetVersion): Promise<OneVersion> {
    return acceptedOrThrow(await this.registry.getVersion(of.model, of.version, at));
  }
}

@QueryHandler(ModelHistory)
export class ModelHistoryHandler implements IQueryHandler<ModelHistory> {
  constructor(@Inject(tokens.registry) private readonly registry: RegistryQueries) {}

  async execute({ model, query }: ModelHistory): Promise<DecisionList> {
    return acceptedOrThrow(await this.registry.history(model, query));
  }
}
