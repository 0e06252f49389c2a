import { Inject, Injectable } from '@nestjs/common';
import type { CommandMeta, EventOf, VersionRegistered } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { acceptedOrThrow, executeCommand } from '#libs/nest/index.js';
import { parentNode, type LineageQueries } from '#projections/lineage/index.js';
import { tokens } from '../tokens.js';
import { orTooLarge } from './event-size.js';
import { GuardedAppend } from './guarded-append.js';
import { eventOf, type AcceptedOfModel } from './named-version.js';

type RegisterVersion = Extract<ModelCommand, { type: 'RegisterVersion' }>;
export type Registration = RegisterVersion['registration'];

export interface RegisteredVersion {
  readonly data: EventOf<typeof VersionRegistered>['data'];
  readonly eventId: string;
  readonly seq: number;
}

/** Appends versions, and keeps their lineage free of cycles. */
@Injectable()
export class VersionRegistrar {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.lineage) private readonly lineage: LineageQueries,
    @Inject(GuardedAppend) private readonly guarded: GuardedAppend,
  ) {}

  /**
   * @param registration `version` left out: the next one.
   * @throws ProblemException `version_exists`, `lineage_cycle`, `not_caught_up`; what one event cannot hold, by what takes
   * the room.
   */
  async register(registration: Registration, meta: CommandMeta): Promise<RegisteredVersion> {
    const written = { what: 'registration', fields: registration };
    return registeredBy(await orTooLarge(written, () => this.append(registration, meta)));
  }

  /**
   * What a repeat is answered with, before anything is tried again; undefined for a command that is new.
   * @throws ProblemException `idempotency_conflict`
   */
  async recorded(model: string, meta: CommandMeta): Promise<RegisteredVersion | undefined> {
    const recorded = await this.store.recorded(modelDefinition, model, meta);
    return recorded && registeredBy(acceptedOrThrow(recorded));
  }

  /**
   * What a registered version comes from never changes, so a new one cannot be above it: there is nothing to guard. An
   * ancestor that is only named so far may be the new version itself, or may be registered below it meanwhile.
   */
  private append(registration: Registration, meta: CommandMeta): Promise<AcceptedOfModel> {
    const { model, lineage } = registration;
    const execute = (guard: Pick<RegisterVersion, 'namedAncestors'> & { seenThrough?: number }) => {
      const { seenThrough, ...ancestors } = guard;
      const command: RegisterVersion = { type: 'RegisterVersion', registration, ...ancestors };
      return executeCommand(this.store, modelDefinition, { id: model, command, meta, seenThrough });
    };
    if (lineage.parent_version === undefined) return execute({});
    const parent = parentNode(model, lineage.parent_version);
    return this.guarded.at(async (head) => {
      const { unrecorded } = acceptedOrThrow(await this.lineage.descendsFrom(parent, parent, { min_seq: head }));
      const namedAncestors = unrecorded.map((id) => id.slice('version:'.length));
      return execute(namedAncestors.length === 0 ? {} : { namedAncestors, seenThrough: head });
    });
  }
}

const registeredBy = (accepted: AcceptedOfModel): RegisteredVersion => ({
  data: eventOf(accepted, 'VersionRegistered').data,
  eventId: accepted.eventId,
  seq: accepted.seq,
});
