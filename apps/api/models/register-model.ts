import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { api, fieldErrorsOf, rejection, type Signature } from '#libs/contracts/index.js';
import { ProblemException } from '#libs/nest/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import { limits } from '../catalogue/limits.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import type { ModelTrial } from '../trial/model-trial.js';
import { declaredMismatch } from './declared-signature.js';
import { VersionRegistrar, type Registration } from './version-registrar.js';

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
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
    @Inject(tokens.trial) private readonly trial: ModelTrial,
    @Inject(VersionRegistrar) private readonly registrar: VersionRegistrar,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ body, caller }: RegisterModel): Promise<ModelRegistered> {
    const meta = this.commands.metaOf({ call: 'POST /api/models', target: body.name, body, caller });
    const { data, eventId, seq } =
      (await this.registrar.recorded(body.name, meta)) ??
      (await this.registrar.register(await this.registrationOf(body), meta));
    return { model_id: data.model, version: data.version, stage: 'development', event_id: eventId, seq };
  }

  private async registrationOf(body: api.RegisterModel): Promise<Registration> {
    const { name, version, artifact, description, task, tags = {}, metrics = {}, hyperparameters } = body;
    const { baseline, lineage = {} } = body;
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
    refuseUnrecordable(signature);
    const mismatch = body.signature && declaredMismatch(body.signature, signature);
    if (mismatch !== undefined) throw new ProblemException(mismatch);
    return {
      ...{ model: name, artifact, size, tags, metrics, signature, lineage },
      ...(version === undefined ? {} : { version }),
      ...(description === undefined ? {} : { description }),
      ...(task === undefined ? {} : { task }),
      ...(hyperparameters === undefined ? {} : { hyperparameters }),
      ...(baseline === undefined ? {} : { baseline }),
    };
  }
}

/** Names in a graph are any bytes of UTF-8: U+0000 would stop every read model that meets it. */
function refuseUnrecordable(signature: Signature): void {
  const checked = api.declaredSignature.safeParse(signature);
  if (checked.success) return;
  const errors = fieldErrorsOf(checked.error, 'signature').slice(0, mostErrors);
  throw new ProblemException(
    rejection('unsupported_model', `a name in the graph cannot be recorded: ${errors[0]!.path}`, errors),
  );
}

const mostErrors = 20;
