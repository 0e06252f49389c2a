import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { rejection, type api, type Derivation, type Rejection } from '#libs/contracts/index.js';
import { modelDefinition } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { RegistryQueries } from '#projections/registry/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import type { ModelTrial, OptimiseRequest } from '../trial/model-trial.js';
import { nameOf, type NamedVersion } from './named-version.js';
import { readSample } from './read-sample.js';
import type { OneVersion } from './read-models.js';
import { VersionRegistrar, type RegisteredVersion, type Registration } from './version-registrar.js';

export type Optimised = z.infer<typeof api.optimised>;
type Body = z.infer<typeof api.optimise>;

export class OptimiseVersion extends Command<Optimised> {
  constructor(
    readonly of: NamedVersion,
    readonly body: Body,
    readonly caller: Caller,
  ) {
    super();
  }
}

/** Rewrites the graph of a version and registers the result: a version like any other, with what it derives from. */
@CommandHandler(OptimiseVersion)
export class OptimiseVersionHandler implements ICommandHandler<OptimiseVersion> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.registry) private readonly registry: RegistryQueries,
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
    @Inject(tokens.trial) private readonly trial: ModelTrial,
    @Inject(VersionRegistrar) private readonly registrar: VersionRegistrar,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ of, body, caller }: OptimiseVersion): Promise<Optimised> {
    const call = 'POST /api/models/{model_id}/versions/{v}/optimise';
    const meta = this.commands.metaOf({ call, target: nameOf(of), body, caller });
    return answerOf(
      (await this.registrar.recorded(of.model, meta)) ??
        (await this.registrar.register(await this.registrationOf(of, body), meta)),
    );
  }

  private async registrationOf(of: NamedVersion, body: Body): Promise<Registration> {
    const parent = await this.parent(of);
    const { artifact, size, signature, derivation } = acceptedOrThrow(
      await this.trial.optimise({
        parent: { model: of.model, version: parent.version, artifact: parent.artifact, signature: parent.signature },
        method: body.method,
        sample: await this.sample(body, parent),
        judge: (measured) => beyondTolerance(body, measured),
      }),
    );
    // Its metrics are its own to be measured; what it was trained on and for is its parent's.
    return {
      ...{ model: of.model, artifact, size, signature, derivation, tags: {}, metrics: {} },
      ...(body.version === undefined ? {} : { version: body.version }),
      ...(parent.task === null ? {} : { task: parent.task }),
      ...(parent.baseline === null ? {} : { baseline: parent.baseline }),
      lineage: { parent_version: parent.version },
    };
  }

  /** As the registry tells it when it has what the leader has. */
  private async parent({ model, version }: NamedVersion): Promise<OneVersion> {
    const { seq } = await this.store.load(modelDefinition, model, { consistency: 'leader' });
    return acceptedOrThrow(await this.registry.getVersion(model, version, seq === 0 ? {} : { min_seq: seq }));
  }

  private async sample({ sample, seed = 0 }: Body, { signature }: OneVersion): Promise<OptimiseRequest['sample']> {
    if (sample === undefined) return { seed };
    return { artifact: sample.artifact, rows: await readSample(this.artifacts, sample, signature) };
  }
}

function answerOf({ data, eventId, seq }: RegisteredVersion): Optimised {
  const { model, version, artifact, derivation } = data;
  if (derivation === undefined) throw new TypeError(`${model}@${version} was registered without what it derives from`);
  return { model_id: model, version, stage: 'development', artifact, derivation, event_id: eventId, seq };
}

function beyondTolerance(
  { max_abs_difference: most, min_label_agreement: least }: Body,
  { outputs }: Derivation,
): Rejection | null {
  const errors = [
    ...(most === undefined || (outputs.max_abs_difference ?? Infinity) <= most
      ? []
      : [
          {
            path: 'max_abs_difference',
            message: `expected outputs that differ by at most ${most}, found ${outputs.max_abs_difference ?? 'no numeric output'}`,
          },
        ]),
    ...(least === undefined || (outputs.label_agreement ?? -Infinity) >= least
      ? []
      : [
          {
            path: 'min_label_agreement',
            message: `expected a share of at least ${least} of rows with the same label, found ${outputs.label_agreement ?? 'no label'}`,
          },
        ]),
  ];
  if (errors.length === 0) return null;
  const told = errors.map(({ message }) => message).join('; ');
  return rejection('tolerance_exceeded', `on ${outputs.rows} rows: ${told}`, errors);
}
