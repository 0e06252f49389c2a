import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { DeploymentQueries } from '#projections/deployments/index.js';
import type { FindingQueries } from '#projections/findings/index.js';
import { tokens } from '../tokens.js';

export class ReadFindings extends Query<api.FindingList> {
  constructor(readonly asked: api.FindingsQuery) {
    super();
  }
}

@QueryHandler(ReadFindings)
export class ReadFindingsHandler implements IQueryHandler<ReadFindings> {
  constructor(
    @Inject(tokens.deployments) private readonly deployments: DeploymentQueries,
    @Inject(tokens.findings) private readonly findings: FindingQueries,
  ) {}

  async execute({ asked }: ReadFindings): Promise<api.FindingList> {
    const { deployment } = asked;
    // Of a known deployment there may be none; an unknown one is refused.
    if (deployment !== undefined) acceptedOrThrow(await this.deployments.getDeployment(deployment, asked));
    return acceptedOrThrow(await this.findings.list(asked));
  }
}
