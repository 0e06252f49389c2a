import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { DeploymentQueries } from '#projections/deployments/index.js';
import type { OperationQueries } from '#projections/traffic/index.js';
import { tokens } from '../tokens.js';

export class ReadMetrics extends Query<api.MetricsAnswer> {
  constructor(readonly asked: api.MetricsQuery) {
    super();
  }
}

const defaultWindowS = 60;

@QueryHandler(ReadMetrics)
export class ReadMetricsHandler implements IQueryHandler<ReadMetrics> {
  constructor(
    @Inject(tokens.deployments) private readonly deployments: DeploymentQueries,
    @Inject(tokens.versionOperations) private readonly operations: OperationQueries,
  ) {}

  async execute({ asked }: ReadMetrics): Promise<api.MetricsAnswer> {
    const { deployment, version, from, to, window_s: windowS = defaultWindowS, ...at } = asked;
    // Without traffic a known deployment has no items; an unknown one is refused.
    if (deployment !== undefined) acceptedOrThrow(await this.deployments.getDeployment(deployment, at));
    const instant = (text: string | undefined): number | undefined =>
      text === undefined ? undefined : Date.parse(text);
    return acceptedOrThrow(
      await this.operations.versions({ deployment, version, from: instant(from), to: instant(to), windowS }, at),
    );
  }
}
