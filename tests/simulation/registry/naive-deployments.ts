/** Deployments as plain objects, folded event by event: what the read model is held against. */
import type { api, GovernanceEvent, RecordedEvent } from '#libs/contracts/index.js';

interface Rollout {
  readonly view: api.RolloutView;
  follows: boolean;
  instances: number;
}
interface Deployment {
  environment: api.DeploymentView['environment'];
  retired: boolean;
  /** Of what took the traffic last, or first shall. */
  recording: api.DeploymentView['recording'];
  live: Rollout | null;
  former: Rollout | null;
  /** A rollback is in force: `former` is what it left. */
  rolledBack: boolean;
  pending: Rollout | null;
  stayed: NonNullable<api.DeploymentView['follows']>['stayed'];
  readonly rollouts: Rollout[];
}

export class NaiveDeployments {
  private readonly deployments = new Map<string, Deployment>();

  apply({ seq, event, meta: { at, actor } }: RecordedEvent<GovernanceEvent>): void {
    if (!('deployment' in event.data)) return;
    const { deployment: name } = event.data;
    const known = this.deployments.get(name);
    const settle = (rollout: Rollout | null | undefined, state: api.RolloutView['state']): void => {
      if (rollout) Object.assign(rollout.view, { state, settled_at: at, settled_seq: seq });
    };
    switch (event.type) {
      case 'DeploymentRequested': {
        const { data } = event;
        settle(known?.pending, 'superseded');
        const pending: Rollout = {
          follows: data.follows === 'champion',
          instances: 0,
          view: {
            ...{ rollout_id: data.rollout_id, model: data.model, version: data.version, artifact: data.artifact },
            ...{ strategy: data.strategy, recording: data.recording, champion_seq: data.champion_seq ?? null },
            ...{ state: 'deploying', requested_at: at, requested_by: actor, requested_seq: seq },
            ...{ settled_at: null, settled_seq: null, failure: null, crashes: 0, cut_off: null },
          },
        };
        const stayed = (data.champion_seq ?? 0) > (known?.stayed?.champion_seq ?? 0) ? null : (known?.stayed ?? null);
        this.deployments.set(name, {
          ...{ environment: data.environment, retired: false, stayed, live: known?.live ?? null, pending },
          ...{ former: known?.former ?? null, rolledBack: known?.rolledBack ?? false },
          recording: known?.live?.view.recording ?? data.recording,
          rollouts: [...(known?.rollouts ?? []), pending],
        });
        return;
      }
      case 'DeploymentWentLive':
        letGo(known!);
        known!.rolledBack = false;
        if (known!.live !== null) Object.assign(known!.live.view, { state: 'former', cut_off: null });
        settle(known!.pending, 'live');
        known!.pending!.instances = event.data.instances.length;
        known!.former = known!.live;
        known!.live = known!.pending;
        known!.recording = known!.live!.view.recording;
        known!.pending = null;
        known!.stayed = null;
        return;
      case 'DeploymentPrepared':
        Object.assign(known!.pending!.view, { state: 'prepared' });
        known!.pending!.instances = event.data.instances.length;
        return;
      case 'DeploymentRolledBack': {
        const [from, to] = [known!.live!, known!.former!];
        settle(known!.pending, 'aborted');
        const moves = [known!.pending, from].flatMap((each) =>
          each?.follows && each.view.model === to.view.model ? [each.view] : [],
        );
        if (from.follows && to.follows && from.view.model === to.view.model) {
          const stayed = known!.stayed === null ? [] : [known!.stayed];
          const behind = [
            ...moves.map(({ version, champion_seq }) => ({
              ...{ champion: version, champion_seq: champion_seq!, code: 'rolled_back', reason: event.data.reason },
            })),
            ...stayed,
          ].filter(({ champion_seq }) => champion_seq > to.view.champion_seq!);
          known!.stayed = behind.sort((a, b) => b.champion_seq - a.champion_seq)[0] ?? null;
        } else {
          known!.stayed = null;
          to.follows = false;
          Object.assign(to.view, { champion_seq: null });
        }
        if (known!.rolledBack) {
          settle(to, 'live');
          Object.assign(from.view, { state: 'former', cut_off: null });
        } else {
          Object.assign(to.view, { state: 'live' });
          settle(from, 'rolled_back');
          Object.assign(from.view, { cut_off: null });
        }
        Object.assign(known!, { live: to, former: from, pending: null, recording: to.view.recording });
        known!.rolledBack = !known!.rolledBack;
        return;
      }
      case 'FormerVersionReleased':
        letGo(known!);
        Object.assign(known!, { former: null, rolledBack: false });
        return;
      case 'VersionCrashed': {
        const { rollout_id, cause, crashes, cut_off } = event.data;
        const { view } = known!.rollouts.find((each) => each.view.rollout_id === rollout_id)!;
        view.crashes += 1;
        view.cut_off = cut_off ? { at, seq, cause, crashes } : null;
        return;
      }
      case 'DeploymentFailed':
        settle(known!.pending, 'failed');
        Object.assign(known!.pending!.view, { failure: { code: event.data.code, reason: event.data.reason } });
        known!.pending = null;
        return;
      case 'DeploymentStayed': {
        const { champion, champion_seq, code, reason } = event.data;
        settle(known!.pending, 'superseded');
        known!.pending = null;
        known!.stayed = { champion, champion_seq, code, reason };
        return;
      }
      case 'DeploymentRetired':
        if (known!.live !== null) Object.assign(known!.live.view, { state: 'retired' });
        letGo(known!);
        settle(known!.pending, 'retired');
        Object.assign(known!, {
          live: null,
          former: null,
          rolledBack: false,
          pending: null,
          stayed: null,
          retired: true,
        });
        return;
      default:
        throw new TypeError(`${event.type} is no event of a deployment`);
    }
  }

  list(): api.DeploymentView[] {
    return [...this.deployments].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, each]) => viewOf(name, each));
  }

  /** Of the deployments that serve a version or are about to. */
  serving(model: string, version: string): string[] {
    const is = (rollout: Rollout | null) => rollout?.view.model === model && rollout.view.version === version;
    return [...this.deployments]
      .filter(([, { live, pending }]) => is(live) || is(pending))
      .map(([name]) => name)
      .sort();
  }
}

function letGo({ former, rolledBack }: Deployment): void {
  if (former !== null && !rolledBack) Object.assign(former.view, { state: 'superseded' });
}

function viewOf(
  deployment: string,
  { environment, retired, recording, live, former, rolledBack, pending, stayed, rollouts }: Deployment,
): api.DeploymentView {
  const newest = pending ?? live;
  const state = retired
    ? 'retired'
    : pending !== null
      ? live === null
        ? 'deploying'
        : 'rolling_out'
      : live === null || live.view.cut_off !== null
        ? 'failed'
        : rolledBack
          ? 'rolled_back'
          : 'live';
  const follows = newest?.follows === true;
  const tried = rollouts.filter(({ view }) => view.state === 'failed').map(({ view }) => view.champion_seq ?? 0);
  const behind = Math.max(0, ...tried) > (live?.view.champion_seq ?? 0);
  const following = pending !== null ? 'switching' : stayed !== null ? 'stayed' : behind ? 'failed' : 'following';
  return {
    ...{ deployment, environment, state },
    recording,
    follows: follows
      ? { model: newest.view.model, alias: 'champion', state: following, stayed: pending === null ? stayed : null }
      : null,
    versions: [
      ...(live === null ? [] : [armOf(live, 'live', 1)]),
      ...(former === null ? [] : [armOf(former, 'former', 0)]),
    ],
    rollout: structuredClone(rollouts.at(-1)!.view),
    history: structuredClone(rollouts.map(({ view }) => view)),
  };
}

const armOf = ({ view, instances }: Rollout, role: string, weight: number) => ({
  ...{ model: view.model, version: view.version, role, weight },
  ready_instances: instances,
});
