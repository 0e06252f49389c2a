import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { executeCommand } from '#libs/nest/index.js';
import type { RegistryQueries } from '#projections/registry/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { orTooLarge } from './event-size.js';
import { changedVersion, nameOf, type NamedVersion, type VersionChanged } from './named-version.js';

export class AnnotateVersion extends Command<VersionChanged> {
  constructor(
    readonly of: NamedVersion,
    readonly body: z.infer<typeof api.annotate>,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(AnnotateVersion)
export class AnnotateVersionHandler implements ICommandHandler<AnnotateVersion> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.registry) private readonly registry: RegistryQueries,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ of, body, caller }: AnnotateVersion): Promise<VersionChanged> {
    const call = 'POST /api/models/{model_id}/versions/{v}/tags';
    const meta = this.commands.metaOf({ call, target: nameOf(of), body, caller });
    const command: ModelCommand = {
      type: 'Annotate',
      ...of,
      ...(body.tags === undefined ? {} : { tags: body.tags }),
      ...(body.description === undefined ? {} : { description: body.description }),
    };
    // The event holds all tags, those of before too: what was added is what a caller can change.
    const accepted = await orTooLarge({ what: 'set of tags with its description', fields: body }, () =>
      executeCommand(this.store, modelDefinition, { id: of.model, command, meta }),
    );
    return changedVersion(this.registry, accepted);
  }
}
