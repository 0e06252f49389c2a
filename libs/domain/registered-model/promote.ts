/** Promotion through the stages. Production has one version, the champion: who comes sends the former one back. */
import { rejection, type ModelEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type DecidedBy, type Result } from '#libs/kernel/index.js';
import type { Promote } from './commands.js';
import { evidenceOf } from './evidence.js';
import { applyPolicy } from './policy.js';
import { stageOrder } from './review.js';
import { championOf, requireUsable, type ModelState, type VersionState } from './state.js';

export function promote(command: Promote, state: ModelState, by: DecidedBy): Result<ModelEvent, Rejection> {
  const { model, to } = command;
  const found = requireUsable(state, model, command.version);
  if (!found.ok) return found;
  const version = found.value;
  const refused =
    whileRejected(command, version) ?? otherChampion(command, championOf(state)) ?? outOfOrder(command, version);
  if (refused !== undefined) return reject(refused);

  const { unmet, approvals } = applyPolicy(command.policies[to], { state, version, to, by });
  if (unmet.length > 0)
    return reject(
      rejection(
        'policy_not_met',
        `${model}@${version.version} does not meet ${unmet.length === 1 ? 'a condition' : `${unmet.length} conditions`} of the policy for ${to}: ${unmet.map(({ message }) => message).join('; ')}`,
        unmet,
      ),
    );
  return accept({
    type: 'VersionPromoted',
    data: {
      model,
      version: version.version,
      from: version.stage,
      to,
      demoted: to === 'production' ? championOf(state) : null,
      reason: command.reason,
      evidence: {
        ...evidenceOf(state, version),
        approvals: approvals.map(({ seq, actor, at }) => ({ seq, actor, at })),
      },
    },
  });
}

function whileRejected({ model, to }: Promote, version: VersionState): Rejection | undefined {
  const rejections = version.reviews.filter((each) => each.to === to && each.decision === 'reject');
  if (rejections.length === 0) return undefined;
  const who = rejections.map(({ actor, at }) => `${actor} (${at})`).join(', ');
  return rejection('version_rejected', `${model}@${version.version} was rejected for ${to} by ${who}`, [
    { path: 'version', message: 'expected a version whose rejections are withdrawn: the same actors approve' },
  ]);
}

function otherChampion({ model, ifChampion }: Promote, champion: string | null): Rejection | undefined {
  if (ifChampion === undefined || ifChampion === champion) return undefined;
  const now = champion === null ? `${model} has no champion` : `the champion of ${model} is ${champion}`;
  return rejection('champion_moved', now, [
    { path: 'if_champion', message: `expected ${champion ?? 'null'}, found ${ifChampion ?? 'null'}` },
  ]);
}

function outOfOrder({ model, to }: Promote, { version, stage }: VersionState): Rejection | undefined {
  if (stage === to) return rejection('no_change', `${model}@${version} is in stage ${stage} already`);
  const [now, wanted] = [stageOrder.indexOf(stage), stageOrder.indexOf(to)];
  if (now === wanted - 1) return undefined;
  return now < wanted
    ? rejection('stage_order', `${model}@${version} is in stage ${stage}: it has to pass staging first`, [
        { path: 'to', message: 'expected staging' },
      ])
    : rejection(
        'stage_order',
        `${model}@${version} is the champion; it leaves production when another version is promoted, or by a rollback`,
        [{ path: 'to', message: `expected a stage after ${stage}` }],
      );
}
