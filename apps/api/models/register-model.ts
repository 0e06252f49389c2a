import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { api, fieldErrorsOf, rejection, type Rejection, type Signature } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import { StreamRefused, type AggregateStore } from '#libs/event-log/index.js';
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
    const registered = executeCommand(this.store, modelDefinition, { id: body.name, command, meta });
    const { event, eventId, seq } = await registered.catch((error: unknown) => {
      throw isTooLarge(error) ? new ProblemException(tooLarge(command), {}, { cause: error }) : error;
    });
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
    refuseUnrecordable(signature);
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

/** The client's check against the server's max_payload, or the stream's own limit on a message. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof StreamRefused && (error.errorCode === 10_054 || /max_payload/.test(error.reason));

/** Names what takes the most room: the features of the model, or what the caller wrote beside it. */
function tooLarge({ registration }: ModelCommand): Rejection {
  const [field, bytes] = Object.entries(registration)
    .map(([name, value]): [string, number] => [name, Buffer.byteLength(JSON.stringify(value))])
    .reduce((largest, each) => (each[1] > largest[1] ? each : largest));
  const told = `the registration is larger than one event of the log may be; ${field} takes ${bytes} bytes of it`;
  if (field !== 'signature')
    return rejection('invalid_request', told, [{ path: field, message: `expected less than ${bytes} bytes` }]);
  const features = registration.signature.features.length;
  return rejection('unsupported_model', `${features} features are too many to record: ${told}`, [
    { path: 'artifact', message: 'expected fewer features, or one feature that is an array' },
  ]);
}
