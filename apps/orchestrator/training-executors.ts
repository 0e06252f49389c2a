import {
  modelDefinition,
  trainingJobDefinition,
  type TrainingJobCommand,
  type TrainingProcessCommand,
} from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import type { Clock, CommandOutcome } from '#libs/kernel/index.js';
import type { ExecutionMeta, Executors } from '#libs/processing/index.js';
import { actor, metaOf, outcomeOf, refused } from './execution.js';
import { registrationOf } from './registration.js';

export interface TrainingExecutorsOptions {
  readonly aggregates: Pick<AggregateStore, 'execute' | 'load' | 'recorded'>;
  readonly clock: Clock;
}

/** What the training process commands, carried out on the job and on its model. */
export function trainingExecutors(options: TrainingExecutorsOptions): Executors<TrainingProcessCommand> {
  const { aggregates, clock } = options;

  async function onJob(job_id: string, command: TrainingJobCommand, execution: ExecutionMeta): Promise<CommandOutcome> {
    const meta = metaOf(execution, actor, { job_id, command }, clock);
    return outcomeOf(await aggregates.execute(trainingJobDefinition, job_id, command, meta), () => ({}));
  }

  return {
    ExpireClaim: ({ job_id, claim }, execution) => onJob(job_id, { type: 'ExpireClaim', claim }, execution),
    TimeOut: ({ job_id }, execution) => onJob(job_id, { type: 'TimeOut' }, execution),
    ConcludeJob: ({ job_id, registered, reasons }, execution) =>
      onJob(job_id, { type: 'ConcludeJob', registered, reasons }, execution),
    FailJob: ({ job_id, code, message }, execution) => onJob(job_id, { type: 'FailJob', code, message }, execution),
    RegisterTrainedVersion: ({ job_id }, execution) => registerTrainedVersion(job_id, execution, options),
  };
}

/** In the name of who requested the job. A version that is registered stays so, whatever became of the job since. */
async function registerTrainedVersion(
  job_id: string,
  execution: ExecutionMeta,
  { aggregates, clock }: TrainingExecutorsOptions,
): Promise<CommandOutcome> {
  const { state } = await aggregates.load(trainingJobDefinition, job_id, { consistency: 'leader' });
  if (state.requested === null) return refused('job_not_found', `no training job has the id ${job_id}`);
  const { spec, actor: requestedBy } = state.requested;
  const meta = metaOf(execution, requestedBy, { job_id }, clock);
  const recorded = await aggregates.recorded(modelDefinition, spec.model, meta);
  if (recorded === undefined && state.ended !== null)
    return refused('job_ended', `job ${job_id} has ${state.ended}: its version is not registered`);
  const registration = registrationOf(state);
  if (!registration.ok) return refused('stage_open', registration.rejection);
  const outcome =
    recorded ??
    (await aggregates.execute(
      modelDefinition,
      spec.model,
      { type: 'RegisterVersion', registration: registration.value },
      meta,
    ));
  return outcomeOf(outcome, (event) => {
    if (event.type !== 'VersionRegistered') throw new TypeError(`registering gave ${event.type}`);
    return { model: event.data.model, version: event.data.version };
  });
}
