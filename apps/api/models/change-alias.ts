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
import { eventOf, nameOf } from './named-version.js';

export type AliasChanged = z.infer<typeof api.aliasChanged>;

export class SetAlias extends Command<AliasChanged> {
  constructor(
    readonly model: string,
    readonly alias: string,
    readonly body: z.infer<typeof api.setAlias>,
    readonly caller: Caller,
  ) {
    super();
  }
}

export class RemoveAlias extends Command<AliasChanged> {
  constructor(
    readonly model: string,
    readonly alias: string,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(SetAlias)
export class SetAliasHandler implements ICommandHandler<SetAlias> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ model, alias, body, caller }: SetAlias): Promise<AliasChanged> {
    const call = 'PUT /api/models/{model_id}/aliases/{alias}';
    const meta = this.commands.metaOf({ call, target: nameOf({ model, version: alias }), body, caller });
    const command: ModelCommand = { type: 'SetAlias', model, alias, version: body.version };
    const accepted = await executeCommand(this.store, modelDefinition, { id: model, command, meta });
    const { version } = eventOf(accepted, 'AliasSet').data;
    return { model_id: model, alias, version, event_id: accepted.eventId, seq: accepted.seq };
  }
}

@CommandHandler(RemoveAlias)
export class RemoveAliasHandler implements ICommandHandler<RemoveAlias> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ model, alias, caller }: RemoveAlias): Promise<AliasChanged> {
    const call = 'DELETE /api/models/{model_id}/aliases/{alias}';
    const meta = this.commands.metaOf({ call, target: nameOf({ model, version: alias }), body: null, caller });
    const command: ModelCommand = { type: 'RemoveAlias', model, alias };
    const accepted = await executeCommand(this.store, modelDefinition, { id: model, command, meta });
    eventOf(accepted, 'AliasRemoved');
    return { model_id: model, alias, version: null, event_id: accepted.eventId, seq: accepted.seq };
  }
}
