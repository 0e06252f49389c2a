import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import {
  championAlias,
  type api,
  type CommandMeta,
  type DeploymentEvent,
  type Rejection,
} from '#libs/contracts/index.js';
import {
  deploymentDefinition,
  findVersion,
  modelDefinition,
  type DeployCommand,
  type DeploymentState,
  type SeenModel,
} from '#libs/domain/index.js';
import type { AggregateStore, Consistency, Outcome } from '#libs/event-log/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { AppliedConfiguration } from '../configuration/apply-configuration.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';

export type DeployAccepted = z.infer<typeof api.deployAccepted>;

export class Deploy extends Command<DeployAccepted> {
  constructor(
    readonly body: api.Deploy,
    readonly caller: Caller,
  ) {
    super();
  }
}

type DeployOutcome = Outcome<DeploymentState, DeploymentEvent, Rejection>;

@CommandHandler(Deploy)
export class DeployHandler implements ICommandHandler<Deploy> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.configuration) private readonly configuration: AppliedConfiguration,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ body, caller }: Deploy): Promise<DeployAccepted> {
    const meta = this.commands.metaOf({ call: 'POST /api/deploy', target: body.deployment, body, caller });
    let outcome = await this.deploy(body, meta, 'replica');
    // A refusal may rest on a replica that does not have the model's last event yet: it is given on the leader's word.
    if (!outcome.ok) outcome = await this.deploy(body, meta, 'leader');
    const { event, eventId, seq } = acceptedOrThrow(outcome);
    return { deployment: body.deployment, rollout_id: rolloutIdOf(event), event_id: eventId, seq };
  }

  private async deploy(body: api.Deploy, meta: CommandMeta, consistency: Consistency): Promise<DeployOutcome> {
    const { deployment, environment, recording, strategy } = body;
    const { default_environment, default_recording, load_timeout_s, blue_green } =
      this.configuration.files.pipeline.deployment;
    const command: DeployCommand = {
      type: 'Deploy',
      commandId: meta.commandId,
      deployment,
      model: await this.seenModel(body.model, consistency),
      ...(environment === undefined ? {} : { environment }),
      ...(recording === undefined ? {} : { recording }),
      ...(strategy === undefined ? {} : { strategy }),
      defaults: {
        environment: default_environment,
        recording: default_recording,
        loadTimeoutS: load_timeout_s,
        blueGreen: { warmupRequests: blue_green.warmup_requests, keepOldS: blue_green.keep_old_s },
      },
    };
    const outcome = await this.store.execute(deploymentDefinition, deployment, command, meta);
    // What is refused rests on the model too.
    return outcome.ok ? outcome : { ...outcome, seq: Math.max(outcome.seq, command.model.seq) };
  }

  /** `champion` is followed from now on; any other alias means the version that it names now. */
  private async seenModel({ name, selector }: api.Deploy['model'], consistency: Consistency): Promise<SeenModel> {
    const { state, seq } = await this.store.load(modelDefinition, name, { consistency });
    const found = findVersion(state, selector);
    return {
      ...{ name, seq, selector },
      ...(selector === championAlias ? { championSeq: state.champion_seq } : {}),
      ...(found === undefined ? {} : { state: found }),
    };
  }
}

function rolloutIdOf(event: DeploymentEvent): string {
  if (event.type !== 'DeploymentRequested') throw new TypeError(`a deploy command gave ${event.type}`);
  return event.data.rollout_id;
}
