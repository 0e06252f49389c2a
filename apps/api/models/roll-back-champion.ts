import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { executeCommand } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { ChampionFollowers } from './followers.js';
import { eventOf } from './named-version.js';

export type RolledBack = z.infer<typeof api.rolledBack>;

export class RollBackChampion extends Command<RolledBack> {
  constructor(
    readonly model: string,
    readonly body: z.infer<typeof api.rollBack>,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(RollBackChampion)
export class RollBackChampionHandler implements ICommandHandler<RollBackChampion> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(Commands) private readonly commands: Commands,
    @Inject(ChampionFollowers) private readonly followers: ChampionFollowers,
  ) {}

  async execute({ model, body, caller }: RollBackChampion): Promise<RolledBack> {
    const call = 'POST /api/models/{model_id}/rollback';
    const meta = this.commands.metaOf({ call, target: model, body, caller });
    const { to, reason } = body;
    const command: ModelCommand = { type: 'RollBack', model, reason, ...(to === undefined ? {} : { to }) };
    const accepted = await executeCommand(this.store, modelDefinition, { id: model, command, meta });
    const { version, former } = eventOf(accepted, 'ChampionRolledBack').data;
    const followers = await this.followers.after(model, accepted.seq);
    return { model_id: model, champion: version, former, followers, event_id: accepted.eventId, seq: accepted.seq };
  }
}
