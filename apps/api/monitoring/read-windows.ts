import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { DeploymentQueries } from '#projections/deployments/index.js';
import type { WindowQueries, WindowsAt } from '#projections/windows/index.js';
import { tokens } from '../tokens.js';
import { instantOf } from './instant.js';

export class ReadDrift extends Query<api.DriftAnswer> {
  constructor(readonly asked: api.WindowsQuery) {
    super();
  }
}

export class ReadQuality extends Query<api.QualityAnswer> {
  constructor(readonly asked: api.WindowsQuery) {
    super();
  }
}

@QueryHandler(ReadDrift)
export class ReadDriftHandler implements IQueryHandler<ReadDrift> {
  constructor(
    @Inject(tokens.deployments) private readonly deployments: DeploymentQueries,
    @Inject(tokens.windows) private readonly windows: WindowQueries,
  ) {}

  async execute({ asked }: ReadDrift): Promise<api.DriftAnswer> {
    acceptedOrThrow(await this.deployments.getDeployment(asked.deployment, asked));
    return acceptedOrThrow(await this.windows.drift(windowsAt(asked)));
  }
}

@QueryHandler(ReadQuality)
export class ReadQualityHandler implements IQueryHandler<ReadQuality> {
  constructor(
    @Inject(tokens.deployments) private readonly deployments: DeploymentQueries,
    @Inject(tokens.windows) private readonly windows: WindowQueries,
  ) {}

  async execute({ asked }: ReadQuality): Promise<api.QualityAnswer> {
    acceptedOrThrow(await this.deployments.getDeployment(asked.deployment, asked));
    return acceptedOrThrow(await this.windows.quality(windowsAt(asked)));
  }
}

const windowsAt = ({ from, to, ...asked }: api.WindowsQuery): WindowsAt => ({
  ...asked,
  from: instantOf(from),
  to: instantOf(to),
});
