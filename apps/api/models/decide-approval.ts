import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand, type PromotionPolicies } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { assertNever } from '#libs/kernel/index.js';
import { executeCommand } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { AppliedConfiguration } from '../configuration/apply-configuration.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { eventOf, nameOf, type AcceptedOfModel, type NamedVersion } from './named-version.js';

export type ApprovalDecided = z.infer<typeof api.approvalDecided>;
type Body = z.infer<typeof api.decideApproval>;

export class DecideApproval extends Command<ApprovalDecided> {
  constructor(
    readonly of: NamedVersion,
    readonly body: Body,
    readonly caller: Caller,
  ) {
    super();
  }
}

/** Who wants a version promoted, and who says yes or no. */
@CommandHandler(DecideApproval)
export class DecideApprovalHandler implements ICommandHandler<DecideApproval> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.configuration) private readonly configuration: AppliedConfiguration,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ of, body, caller }: DecideApproval): Promise<ApprovalDecided> {
    const call = 'POST /api/models/{model_id}/versions/{v}/approval';
    const meta = this.commands.metaOf({ call, target: nameOf(of), body, caller });
    const command = commandOf(of, body, this.configuration.files.pipeline.registry.promotion);
    return answerOf(await executeCommand(this.store, modelDefinition, { id: of.model, command, meta }));
  }
}

function commandOf(of: NamedVersion, { decision, to, reason }: Body, policies: PromotionPolicies): ModelCommand {
  const about = { ...of, reason, ...(to === undefined ? {} : { to }) };
  switch (decision) {
    case 'request':
      return { type: 'RequestPromotion', ...about };
    case 'approve':
      return { type: 'Approve', ...about, policies };
    case 'reject':
      return { type: 'Reject', ...about };
    default:
      return assertNever(decision, 'decision');
  }
}

function answerOf(accepted: AcceptedOfModel): ApprovalDecided {
  const event = eventOf(accepted, 'PromotionRequested', 'VersionApproved', 'VersionRejected');
  const { model, version, to } = event.data;
  return {
    ...{ model_id: model, version, to, decision: decisions[event.type] },
    expires_at: event.type === 'VersionApproved' ? event.data.expires_at : null,
    event_id: accepted.eventId,
    seq: accepted.seq,
  };
}

const decisions = {
  PromotionRequested: 'request',
  VersionApproved: 'approve',
  VersionRejected: 'reject',
} as const;
