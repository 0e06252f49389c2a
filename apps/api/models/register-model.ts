import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { rejection, type api } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { executeCommand, ProblemException } from '#libs/nest/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import { limits } from '../catalogue/limits.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import type { ModelTrial } from '../trial/model-trial.js';
import { declaredMismatch } from './declared-signature.js';

export type ModelRegistered = z.infer<typeof api.modelRegistered>;

export class RegisterModel extends Command<ModelRegistered> {
  constructor(
    readonly body: api.RegisterModel,
    readonly caller: Caller,
  ) {
    super();
  }
}

/** Reads and tries the artifact, then registers the version: what cannot be served never gets into the log. */
@CommandHandler(RegisterModel)
export class RegisterModelHandler implements ICommandHandler<RegisterModel> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
    @Inject(tokens.trial) private readonly trial: ModelTrial,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ body, caller }: RegisterModel): Promise<ModelRegistered> {
    const meta = this.commands.metaOf({ call: 'POST /api/models', target: body.name, body, caller });
    const command = await this.commandOf(body);
    const { event, eventId, seq } = await executeCommand(this.store, modelDefinition, { id: body.name, command, meta });
    const { model, version } = event.data;
    return { model_id: model, version, stage: 'development', event_id: eventId, seq };
  }

  private async commandOf(body: api.RegisterModel): Promise<ModelCommand> {
    const { name, version, artifact, description, task, tags = {}, metrics = {}, baseline, lineage = {} } = body;
    const { size } = await orArtifactProblem('artifact', () => this.artifacts.stat(artifact));
    if (size > limits.artifact)
      throw new ProblemException(
        rejection('payload_too_large', `${artifact} has ${size} bytes; a model has at most ${limits.artifact}`),
      );
    if (baseline !== undefined)
      await orArtifactProblem('baseline.artifact', () => this.artifacts.stat(baseline.artifact));
    const { feature_names: featureNames, nullable } = body;
    const tried = await this.trial.run({ digest: artifact, featureNames, nullable });
    if (!tried.ok) throw new ProblemException(tried.rejection);
    const signature = tried.value;
    const mismatch = body.signature && declaredMismatch(body.signature, signature);
    if (mismatch !== undefined) throw new ProblemException(mismatch);
    return {
      type: 'RegisterVersion',
      registration: {
        ...{ model: name, artifact, size, tags, metrics, signature, lineage },
        ...(version === undefined ? {} : { version }),
        ...(description === undefined ? {} : { description }),
        ...(task === undefined ? {} : { task }),
        ...(baseline === undefined ? {} : { baseline }),
      },
    };
  }
}
