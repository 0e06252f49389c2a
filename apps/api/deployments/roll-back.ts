import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { rejection, type api, type CommandMeta, type DeploymentEvent, type Rejection } from '#libs/contracts/index.js';
import {
  deploymentDefinition,
  findVersion,
  modelDefinition,
  type DeploymentState,
  type RollBackDeployment as RollBackCommand,
} from '#libs/domain/index.js';
import type { AggregateStore, Outcome } from '#libs/event-log/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { acceptedOrThrow, confirmRouting, ProblemException, type ServingControl } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { requireHeld } from './require-held.js';

export class RollBackDeployment extends Command<api.DeploymentRolledBack> {
  constructor(
    readonly body: api.RollBackDeployment,
    readonly caller: Caller,
  ) {
    super();
  }
}

type RollBackOutcome = Outcome<DeploymentState, DeploymentEvent, Rejection>;

/** Decisions that another one to the same deployment came between; each looks again. */
const attempts = 5;

@CommandHandler(RollBackDeployment)
export class RollBackDeploymentHandler implements ICommandHandler<RollBackDeployment> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.serving) private readonly serving: ServingControl,
    @Inject(tokens.clock) private readonly clock: Clock,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ body, caller }: RollBackDeployment): Promise<api.DeploymentRolledBack> {
    const { deployment } = body;
    const meta = this.commands.metaOf({ call: 'POST /api/deploy/rollback', target: deployment, body, caller });
    const recorded = await this.store.recorded(deploymentDefinition, deployment, meta);
    const outcome = recorded ?? (await this.rollBack(body, meta));
    const ackedAt = this.clock.monotonic();
    const { event, eventId, seq } = acceptedOrThrow(outcome);
    if (event.type !== 'DeploymentRolledBack') throw new TypeError(`a rollback gave ${event.type}`);
    const { from, to } = event.data;
    const { confirmedBy, expired } = await confirmRouting(seq, ackedAt, { ...this.serving, clock: this.clock });
    return {
      ...{ deployment, from, to },
      confirmed_by: [...confirmedBy],
      expired: [...expired],
      ...{ event_id: eventId, seq },
    };
  }

  private async rollBack(body: api.RollBackDeployment, meta: CommandMeta): Promise<RollBackOutcome> {
    const { deployment } = body;
    for (let attempt = 1; ; attempt++) {
      const loaded = await this.store.load(deploymentDefinition, deployment, { consistency: 'leader' });
      const command = await this.commandOf(body, loaded.state);
      const decided = deploymentDefinition.decider.decide(command, loaded.state, meta);
      // What is refused anyway waits for no process. Meanwhile, a repeat may have been recorded.
      if (!decided.ok)
        return (await this.store.recorded(deploymentDefinition, deployment, meta)) ?? { ...decided, seq: loaded.seq };
      await this.requireHeld(deployment, loaded.state.former, loaded.seq);
      const outcome = await this.store.execute(deploymentDefinition, deployment, command, meta);
      if (outcome.ok || outcome.rejection.code !== 'rollout_in_progress' || attempt === attempts) return outcome;
    }
  }

  /** Models are read through the leader: a version may have been archived a moment ago. */
  private async commandOf({ deployment, reason, to }: api.RollBackDeployment, state: DeploymentState) {
    const versionOf = async (model: string, selector: string) =>
      findVersion((await this.store.load(modelDefinition, model, { consistency: 'leader' })).state, selector);
    const { former } = state;
    const command: RollBackCommand = {
      ...{ type: 'RollBack', deployment, reason },
      ...(to === undefined
        ? {}
        : {
            to: {
              ...{ model: to.name, selector: to.selector },
              version: (await versionOf(to.name, to.selector))?.version ?? null,
            },
          }),
      seen: former && {
        rolloutId: former.rollout_id,
        archived: (await versionOf(former.model, former.version))?.archived === true,
      },
    };
    return command;
  }

  private async requireHeld(deployment: string, former: DeploymentState['former'], seq: number): Promise<void> {
    if (former === null) return;
    const { rollout_id, model, version } = former;
    const refused = await requireHeld({ deployment, rollout_id, requested_seq: seq }, this.serving);
    if (refused === null) return;
    const detail = `${refused.instance} cannot load ${model}@${version}: ${refused.reason}`;
    throw new ProblemException({ ...rejection('rollout_not_kept', detail), as_of_seq: seq });
  }
}
