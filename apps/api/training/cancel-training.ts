import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { trainingJobDefinition } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { executeCommand } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';

export type TrainingCancelled = z.infer<typeof api.trainingCancelled>;

export class CancelTraining extends Command<TrainingCancelled> {
  constructor(
    readonly job: string,
    readonly body: z.infer<typeof api.cancelTraining>,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(CancelTraining)
export class CancelTrainingHandler implements ICommandHandler<CancelTraining> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ job: job_id, body, caller }: CancelTraining): Promise<TrainingCancelled> {
    const meta = this.commands.metaOf({ call: 'POST /api/training/cancel/{job_id}', target: job_id, body, caller });
    const command = { type: 'CancelTraining', reason: body.reason } as const;
    const { eventId, seq } = await executeCommand(this.store, trainingJobDefinition, { id: job_id, command, meta });
    return { job_id, status: 'cancelled', event_id: eventId, seq };
  }
}
