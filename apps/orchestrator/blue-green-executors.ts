import type { ServingMember } from '#libs/contracts/index.js';
import {
  deploymentDefinition,
  findVersion,
  modelDefinition,
  type BlueGreenProcessCommand,
  type DeploymentCommand,
} from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { ModelogError, type Clock, type CommandOutcome } from '#libs/kernel/index.js';
import type { PrepareMember, PrepareOutcome } from '#libs/nest/index.js';
import type { ExecutionMeta, Executors } from '#libs/processing/index.js';
import { actor, metaOf, outcomeOf, refused } from './execution.js';

export interface BlueGreenExecutorsOptions {
  readonly aggregates: Pick<AggregateStore, 'execute' | 'load' | 'recorded'>;
  /** The serving processes, as the leader knows them. */
  readonly listMembers: () => Promise<readonly ServingMember[]>;
  readonly prepare: PrepareMember;
  readonly clock: Clock;
}

type GoLive = Extract<BlueGreenProcessCommand, { type: 'GoLive' | 'GoLiveOrGiveUp' }>;
type Place = { readonly model: string; readonly version: string };

/** A process that has the version answers at once; a new one may load it first, and is asked again. */
const askMs = 5_000;

/** What the blue-green process commands, carried out on the deployment. */
export function blueGreenExecutors(options: BlueGreenExecutorsOptions): Executors<BlueGreenProcessCommand> {
  return {
    GoLive: (command, execution) => goLive(command, execution, options),
    GoLiveOrGiveUp: (command, execution) => goLive(command, execution, options),
    async ReleaseFormer(command, execution) {
      const { deployment } = command;
      const meta = metaOf(execution, actor, command, options.clock);
      return outcomeOf(await options.aggregates.execute(deploymentDefinition, deployment, command, meta), () => ({}));
    },
  };
}

/**
 * Traffic moves when every process that lives now has the version: one may have come since it was prepared. A version that
 * one of them cannot load, or that was archived meanwhile, fails the rollout instead.
 * @throws ModelogError while a process is silent: its registration expires, or the time to give up comes.
 */
async function goLive(
  command: GoLive,
  execution: ExecutionMeta,
  options: BlueGreenExecutorsOptions,
): Promise<CommandOutcome> {
  const { aggregates, clock } = options;
  const { deployment, rollout_id } = command;
  const meta = metaOf(execution, actor, command, clock);
  const recorded = await aggregates.recorded(deploymentDefinition, deployment, meta);
  if (recorded !== undefined) return outcomeOf(recorded, () => ({}));
  const { state, seq } = await aggregates.load(deploymentDefinition, deployment, { consistency: 'leader' });
  const { pending, live } = state;
  // By another command of the same process, whose timer ran out as the rollout was prepared.
  if (live?.rollout_id === rollout_id) return { status: 'accepted', seq, result: {} };
  if (pending?.rollout_id !== rollout_id)
    return refused('rollout_not_in_progress', `rollout ${rollout_id} of ${deployment} is not in progress`);
  if (!pending.prepared)
    return refused('rollout_in_progress', `rollout ${rollout_id} of ${deployment} is not prepared everywhere yet`);
  const settlement = (await archived(pending, command, options)) ?? (await asked(command, seq, options));
  const outcome = await aggregates.execute(deploymentDefinition, deployment, settlement, meta);
  // Cut off since it was asked about: the processes say so when they are asked again.
  if (!outcome.ok && outcome.rejection.code === 'version_cut_off')
    throw new ModelogError('version_cut_off', outcome.rejection.detail);
  return outcomeOf(outcome, () => ({}));
}

/** The deploy command may have been decided on what the model was before the version was archived. */
async function archived(
  { model, version }: Place,
  { deployment, rollout_id }: GoLive,
  { aggregates }: BlueGreenExecutorsOptions,
): Promise<DeploymentCommand | null> {
  const { state } = await aggregates.load(modelDefinition, model, { consistency: 'leader' });
  if (findVersion(state, version)?.archived !== true) return null;
  const reason = `${model}@${version} is archived`;
  return { type: 'MarkFailed', deployment, rollout_id, code: 'version_archived', reason };
}

async function asked(
  command: GoLive,
  seq: number,
  { listMembers, prepare }: BlueGreenExecutorsOptions,
): Promise<DeploymentCommand> {
  const { deployment, rollout_id } = command;
  const members = await listMembers();
  const request = { deployment, rollout_id, requested_seq: seq };
  const answers = await Promise.all(
    members.map(async ({ instance }) => ({ instance, outcome: await prepare(instance, request, askMs) })),
  );
  const instances = [];
  const silent = [];
  for (const { instance, outcome } of answers) {
    if (outcome.status === 'failed' && outcome.code !== 'rollout_not_in_progress') {
      const { code, reason } = outcome;
      return { type: 'MarkFailed', deployment, rollout_id, code, reason: `${instance}: ${reason}` };
    }
    if (outcome.status !== 'loaded') {
      silent.push(`${instance} ${silence(outcome)}`);
      continue;
    }
    const { load_ms, warmed } = outcome;
    instances.push({ instance, load_ms, ...(warmed === undefined ? {} : { warmed }) });
  }
  if (silent.length === 0 && instances.length > 0) return { type: 'MarkLive', deployment, rollout_id, instances };
  const missing = silent.length > 0 ? silent.join(', ') : 'no serving process is there';
  if (command.type === 'GoLive') throw new ModelogError('unavailable', missing);
  return {
    ...{ type: 'MarkFailed', deployment, rollout_id },
    code: silent.length > 0 ? 'load_timeout' : 'no_serving_instance',
    reason: `prepared, and not live within ${command.load_timeout_s} s: ${missing}`,
  };
}

const silence = ({ reason }: Exclude<PrepareOutcome, { status: 'loaded' }>): string =>
  `does not say that it holds the version: ${reason}`;
