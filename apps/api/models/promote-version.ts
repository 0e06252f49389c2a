import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { executeCommand } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { AppliedConfiguration } from '../configuration/apply-configuration.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { ChampionFollowers } from './followers.js';
import { eventOf } from './named-version.js';

export type Promoted = z.infer<typeof api.promoted>;

export class PromoteVersion extends Command<Promoted> {
  constructor(
    readonly model: string,
    readonly body: z.infer<typeof api.promote>,
    readonly caller: Caller,
  ) {
    super();
  }
}

/** Promotes by the policy in force, and waits a moment for the deployments that follow the champion. */
@CommandHandler(PromoteVersion)
export class PromoteVersionHandler implements ICommandHandler<PromoteVersion> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.configuration) private readonly configuration: AppliedConfiguration,
    @Inject(Commands) private readonly commands: Commands,
    @Inject(ChampionFollowers) private readonly followers: ChampionFollowers,
  ) {}

  async execute({ model, body, caller }: PromoteVersion): Promise<Promoted> {
    const call = 'PUT /api/models/{model_id}/promote';
    const meta = this.commands.metaOf({ call, target: model, body, caller });
    const { version, to, reason, if_champion } = body;
    const command: ModelCommand = {
      ...{ type: 'Promote', model, version, to, reason },
      ...(if_champion === undefined ? {} : { ifChampion: if_champion }),
      policies: this.configuration.files.pipeline.registry.promotion,
    };
    const accepted = await executeCommand(this.store, modelDefinition, { id: model, command, meta });
    const { data } = eventOf(accepted, 'VersionPromoted');
    const crowned = data.to === 'production';
    return {
      ...{ model_id: model, version: data.version, stage: data.to, demoted: data.demoted },
      champion: crowned ? data.version : (data.evidence.champion?.version ?? null),
      followers: crowned ? await this.followers.after(model, accepted.seq) : [],
      event_id: accepted.eventId,
      seq: accepted.seq,
    };
  }
}
