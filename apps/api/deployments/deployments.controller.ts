import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { z } from 'zod';
import { api } from '#libs/contracts/index.js';
import { ZodPipe } from '#libs/nest/index.js';
import { deploymentParams, deploymentsQuery } from '../catalogue/deployment-routes.js';
import { CallerOf, type Caller } from '../http/caller.js';
import { Deploy, type DeployAccepted } from './deploy.js';
import { DeploymentStatus, type DeploymentList } from './deployment-status.js';
import { RollBackDeployment } from './roll-back.js';
import { RetireDeployment, type Retired } from './retire.js';

@Controller('api/deploy')
export class DeploymentsController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(QueryBus) private readonly queries: QueryBus,
  ) {}

  @Post()
  @HttpCode(202)
  deploy(@Body(new ZodPipe(api.deploy)) body: api.Deploy, @CallerOf() caller: Caller): Promise<DeployAccepted> {
    return this.commands.execute(new Deploy(body, caller));
  }

  @Post('rollback')
  @HttpCode(200)
  rollBack(
    @Body(new ZodPipe(api.rollBackDeployment)) body: api.RollBackDeployment,
    @CallerOf() caller: Caller,
  ): Promise<api.DeploymentRolledBack> {
    return this.commands.execute(new RollBackDeployment(body, caller));
  }

  @Post(':deployment/retire')
  @HttpCode(202)
  retire(
    @Param(new ZodPipe(deploymentParams)) { deployment }: z.output<typeof deploymentParams>,
    @Body(new ZodPipe(api.retire)) body: z.output<typeof api.retire>,
    @CallerOf() caller: Caller,
  ): Promise<Retired> {
    return this.commands.execute(new RetireDeployment(deployment, body, caller));
  }

  @Get('status')
  status(
    @Query(new ZodPipe(deploymentsQuery, 'query')) query: z.output<typeof deploymentsQuery>,
  ): Promise<DeploymentList> {
    const { deployment, ...at } = query;
    return this.queries.execute(new DeploymentStatus(at, deployment));
  }
}
