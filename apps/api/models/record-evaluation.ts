import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { curveKind, type api, type CurveSummary } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { entityIdOf } from '#libs/kernel/index.js';
import { executeCommand } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { orTooLarge } from './event-size.js';
import { eventOf, nameOf, type NamedVersion } from './named-version.js';
import { readCurve } from './read-curve.js';

export type EvaluationRecorded = z.infer<typeof api.evaluationRecorded>;
type Body = z.infer<typeof api.recordEvaluation>;

export class RecordEvaluation extends Command<EvaluationRecorded> {
  constructor(
    readonly of: NamedVersion,
    readonly body: Body,
    readonly caller: Caller,
  ) {
    super();
  }
}

/** Records an evaluation, with what the server itself read from its curves. */
@CommandHandler(RecordEvaluation)
export class RecordEvaluationHandler implements ICommandHandler<RecordEvaluation> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
    @Inject(Commands) private readonly commands: Commands,
  ) {}

  async execute({ of, body, caller }: RecordEvaluation): Promise<EvaluationRecorded> {
    const call = 'POST /api/models/{model_id}/versions/{v}/evaluations';
    const meta = this.commands.metaOf({ call, target: nameOf(of), body, caller });
    const { curves: named, dataset, split, rows, metrics, confusion_matrix, slices, notes } = body;
    const curves = await this.curvesOf(named ?? {});
    const command: Extract<ModelCommand, { type: 'RecordEvaluation' }> = {
      ...{ type: 'RecordEvaluation', ...of },
      evaluation: {
        ...{ evaluation_id: entityIdOf('evaluation', meta.commandId), dataset, metrics },
        ...(split === undefined ? {} : { split }),
        ...(rows === undefined ? {} : { rows }),
        ...(confusion_matrix === undefined ? {} : { confusion_matrix }),
        ...(slices === undefined ? {} : { slices }),
        ...(curves.length === 0 ? {} : { curves }),
        ...(notes === undefined ? {} : { notes }),
      },
    };
    const accepted = await orTooLarge({ what: 'evaluation', fields: command.evaluation }, () =>
      executeCommand(this.store, modelDefinition, { id: of.model, command, meta }),
    );
    const { model, version, evaluation } = eventOf(accepted, 'EvaluationRecorded').data;
    return {
      ...{ model_id: model, version, evaluation_id: evaluation.evaluation_id, curves: evaluation.curves ?? [] },
      event_id: accepted.eventId,
      seq: accepted.seq,
    };
  }

  /** One at a time: each may be megabytes of numbers. */
  private async curvesOf(named: NonNullable<Body['curves']>): Promise<CurveSummary[]> {
    const curves: CurveSummary[] = [];
    for (const kind of curveKind.options) {
      const artifact = named[kind];
      if (artifact !== undefined) curves.push(await readCurve(this.artifacts, kind, artifact));
    }
    return curves;
  }
}
