import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { findVersion, modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { acceptedOrThrow, executeCommand } from '#libs/nest/index.js';
import type { DeploymentQueries } from '#projections/deployments/index.js';
import type { RegistryQueries } from '#projections/registry/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { GuardedAppend } from './guarded-append.js';
import { changedVersion, nameOf, type NamedVersion, type VersionChanged } from './named-version.js';

export class ArchiveVersion extends Command<VersionChanged> {
  constructor(
    readonly of: NamedVersion,
    readonly body: z.infer<typeof api.archive>,
    readonly caller: Caller,
  ) {
    super();
  }
}

/** Archives a version that no deployment serves: as of the position that the event is appended at, not a while ago. */
@CommandHandler(ArchiveVersion)
export class ArchiveVersionHandler implements ICommandHandler<ArchiveVersion> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.registry) private readonly registry: RegistryQueries,
    @Inject(tokens.deployments) private readonly deployments: DeploymentQueries,
    @Inject(GuardedAppend) private readonly guarded: GuardedAppend,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ of, body, caller }: ArchiveVersion): Promise<VersionChanged> {
    const call = 'POST /api/models/{model_id}/versions/{v}/archive';
    const meta = this.commands.metaOf({ call, target: nameOf(of), body, caller });
    const accepted = await this.guarded.at(async (head) => {
      const command: ModelCommand = {
        ...{ type: 'Archive', ...of, reason: body.reason },
        deployments: { serving: await this.serving(of, head), seq: head },
      };
      return executeCommand(this.store, modelDefinition, { id: of.model, command, meta, seenThrough: head });
    });
    return changedVersion(this.registry, accepted);
  }

  private async serving({ model, version: selector }: NamedVersion, head: number): Promise<readonly string[]> {
    const { state } = await this.store.load(modelDefinition, model, { consistency: 'leader' });
    const version = findVersion(state, selector)?.version;
    if (version === undefined) return [];
    return acceptedOrThrow(await this.deployments.serving(model, version, { min_seq: head })).deployments;
  }
}
