import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { DeploymentQueries, ListAt } from '#projections/deployments/index.js';
import { tokens } from '../tokens.js';

export type DeploymentList = z.infer<typeof api.deploymentList>;

export class DeploymentStatus extends Query<DeploymentList> {
  /** @param deployment one deployment (unknown: refused), else all of them, page by page */
  constructor(
    readonly at: ListAt,
    readonly deployment: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(DeploymentStatus)
export class DeploymentStatusHandler implements IQueryHandler<DeploymentStatus> {
  constructor(@Inject(tokens.deployments) private readonly deployments: DeploymentQueries) {}

  async execute({ at, deployment }: DeploymentStatus): Promise<DeploymentList> {
    if (deployment === undefined) return acceptedOrThrow(await this.deployments.listDeployments(at));
    const { as_of_seq, ...view } = acceptedOrThrow(await this.deployments.getDeployment(deployment, at));
    return { items: [view], next_cursor: null, as_of_seq };
  }
}
