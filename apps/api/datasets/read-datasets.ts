import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { datasetProfile, type api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { ReadAt } from '#libs/projecting/index.js';
import type { TrainingQueries } from '#projections/training/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import type { listQuery } from '../catalogue/route-parts.js';
import { tokens } from '../tokens.js';

export type DatasetList = z.infer<typeof api.datasetList>;
export type Dataset = z.infer<typeof api.datasetView>;
export type DatasetVersion = z.infer<typeof api.datasetVersionView>;

/** Bytes of a profile: 10,000 columns with 100 values each. */
const largestProfile = 128 * 1024 * 1024;

export class ListDatasets extends Query<DatasetList> {
  constructor(readonly at: z.output<typeof listQuery>) {
    super();
  }
}

export class GetDataset extends Query<Dataset> {
  constructor(
    readonly dataset: string,
    readonly at: ReadAt,
  ) {
    super();
  }
}

export class GetDatasetVersion extends Query<DatasetVersion> {
  constructor(
    readonly of: { readonly dataset: string; readonly version: string },
    readonly at: ReadAt,
  ) {
    super();
  }
}

@QueryHandler(ListDatasets)
export class ListDatasetsHandler implements IQueryHandler<ListDatasets> {
  constructor(@Inject(tokens.training) private readonly training: TrainingQueries) {}

  async execute({ at }: ListDatasets): Promise<DatasetList> {
    return acceptedOrThrow(await this.training.listDatasets(at));
  }
}

@QueryHandler(GetDataset)
export class GetDatasetHandler implements IQueryHandler<GetDataset> {
  constructor(@Inject(tokens.training) private readonly training: TrainingQueries) {}

  async execute({ dataset, at }: GetDataset): Promise<Dataset> {
    return acceptedOrThrow(await this.training.getDataset(dataset, at));
  }
}

@QueryHandler(GetDatasetVersion)
export class GetDatasetVersionHandler implements IQueryHandler<GetDatasetVersion> {
  constructor(
    @Inject(tokens.training) private readonly training: TrainingQueries,
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
  ) {}

  async execute({ of, at }: GetDatasetVersion): Promise<DatasetVersion> {
    const found = acceptedOrThrow(await this.training.getDatasetVersion(of.dataset, of.version, at));
    const bytes = await orArtifactProblem('profile', () =>
      this.artifacts.read(found.profile, { maxBytes: largestProfile }),
    );
    const { columns } = datasetProfile.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return { ...found, columns };
  }
}
