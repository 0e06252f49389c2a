import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import { dataChecks, type api, type CommandMeta, type TrainingEvent } from '#libs/contracts/index.js';
import { trainingJobDefinition, type TrainingJobState } from '#libs/domain/index.js';
import type { Accepted, AggregateStore } from '#libs/event-log/index.js';
import { entityIdOf } from '#libs/kernel/index.js';
import { acceptedOrThrow, executeCommand } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { AppliedConfiguration } from '../configuration/apply-configuration.js';
import type { Caller } from '../http/caller.js';
import { orTooLarge } from '../models/event-size.js';
import { tokens } from '../tokens.js';
import { NamedDatasets } from './named-dataset.js';
import type { Asked } from './request.js';
import { specOf } from './resolve-spec.js';

export type TrainingStarted = z.infer<typeof api.trainingStarted>;

export class StartTraining extends Command<TrainingStarted> {
  constructor(
    readonly body: api.StartTraining,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(StartTraining)
export class StartTrainingHandler implements ICommandHandler<StartTraining> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.configuration) private readonly configuration: AppliedConfiguration,
    @Inject(Commands) private readonly commands: Commands,
    @Inject(NamedDatasets) private readonly datasets: NamedDatasets,
  ) {}

  async execute({ body, caller }: StartTraining): Promise<TrainingStarted> {
    const meta = this.commands.metaOf({ call: 'POST /api/training/start', target: body.model, body, caller });
    const job_id = entityIdOf('job', meta.commandId);
    // A repeat is answered before its data set is looked for again: it may be gone, and the configuration another one.
    const recorded = await this.store.recorded(trainingJobDefinition, job_id, meta);
    const { eventId, seq } =
      recorded === undefined ? await this.request(job_id, body, meta) : acceptedOrThrow(recorded);
    return { job_id, status: 'queued', event_id: eventId, seq };
  }

  private async request(job_id: string, body: api.StartTraining, meta: CommandMeta): Promise<Requested> {
    const { model, pipeline } = this.configuration.files;
    const configured = Object.hasOwn(model.models, body.model) ? model.models[body.model]! : {};
    const asked: Asked = { body, configured, defaults: pipeline.training };
    const found = {
      checks: await this.datasets.writtenOut(body.checks ?? configured.checks ?? dataChecks.parse(undefined)),
      dataset: await this.datasets.of(body.dataset),
    };
    const spec = specOf(asked, found, meta.commandId);
    const command = { type: 'RequestTraining', job_id, spec } as const;
    return orTooLarge({ what: 'request', fields: spec }, () =>
      executeCommand(this.store, trainingJobDefinition, { id: job_id, command, meta }),
    );
  }
}

type Requested = Pick<Accepted<TrainingJobState, TrainingEvent>, 'eventId' | 'seq'>;
