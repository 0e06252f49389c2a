import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { deploymentDefinition } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { executeCommand } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';

export type Retired = z.infer<typeof api.retired>;

export class RetireDeployment extends Command<Retired> {
  constructor(
    readonly deployment: string,
    readonly body: z.infer<typeof api.retire>,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(RetireDeployment)
export class RetireDeploymentHandler implements ICommandHandler<RetireDeployment> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ deployment, body, caller }: RetireDeployment): Promise<Retired> {
    const call = 'POST /api/deploy/{deployment}/retire';
    const meta = this.commands.metaOf({ call, target: deployment, body, caller });
    const command = { type: 'Retire', deployment, reason: body.reason } as const;
    const { eventId, seq } = await executeCommand(this.store, deploymentDefinition, { id: deployment, command, meta });
    return { deployment, event_id: eventId, seq };
  }
}
