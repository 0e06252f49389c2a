import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { api } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import type { DeploymentQueries } from '#projections/deployments/index.js';
import { tokens } from '../tokens.js';

type Follower = NonNullable<api.Followers>[number];

/** Milliseconds that an answer waits for deployments to load the new champion. */
const waitMs = 5_000;
const pollMs = { first: 10, most: 200 };
const mostFollowers = 500;

/** Tells how far the deployments that follow a champion are when it has moved. */
@Injectable()
export class ChampionFollowers {
  constructor(
    @Inject(tokens.deployments) private readonly deployments: DeploymentQueries,
    @Inject(tokens.clock) private readonly clock: Clock,
  ) {}

  /**
   * What became of the deployments that followed when the champion moved, once each has answered or the wait is over;
   * null where the read model cannot say: the champion has moved all the same. Deployments that were given to something
   * else meanwhile are left out.
   * @param seq of the event that moved it.
   */
  async after(model: string, seq: number): Promise<api.Followers> {
    const deadline = this.clock.monotonic() + waitMs;
    const then = await this.deployments.followersOf(model, { as_of: { seq } }, mostFollowers);
    if (!then.ok) return null;
    const names = then.value.items.map(({ deployment }) => deployment);
    for (let pauseFor = pollMs.first; ; pauseFor = Math.min(2 * pauseFor, pollMs.most)) {
      const followers = await this.now(model, names, seq);
      const left = deadline - this.clock.monotonic();
      if (followers === null || left <= 0 || followers.every(({ state }) => state !== 'pending')) return followers;
      await pause(Math.min(pauseFor, left));
    }
  }

  private async now(model: string, names: readonly string[], seq: number): Promise<api.Followers> {
    if (names.length === 0) return [];
    const now = await this.deployments.followersOf(model, { min_seq: seq }, mostFollowers);
    if (!now.ok) return null;
    const views = new Map(now.value.items.map((view) => [view.deployment, view]));
    const followers: Follower[] = [];
    for (const name of names) {
      const view = views.get(name) ?? (await this.fallen(name, seq));
      if (view === null) return null;
      if (view !== undefined) followers.push(followerOf(view, seq));
    }
    return followers;
  }

  /** A deployment that follows no more because the new champion was its first version and could not be loaded. */
  private async fallen(deployment: string, seq: number): Promise<api.DeploymentView | null | undefined> {
    const found = await this.deployments.getDeployment(deployment, { min_seq: seq });
    if (!found.ok) return null;
    const { rollout } = found.value;
    return rollout?.state === 'failed' && (rollout.champion_seq ?? 0) >= seq ? found.value : undefined;
  }
}

function followerOf(view: api.DeploymentView, seq: number): Follower {
  const { deployment, follows, rollout, versions } = view;
  const version = versions[0]?.version ?? null;
  if ((follows?.stayed?.champion_seq ?? 0) >= seq) return { deployment, state: 'stayed', version };
  if (rollout === null || (rollout.champion_seq ?? 0) < seq) return { deployment, state: 'pending', version };
  return { deployment, state: states[rollout.state], version };
}

const states: Readonly<Record<api.RolloutView['state'], Follower['state']>> = {
  deploying: 'pending',
  prepared: 'pending',
  live: 'switched',
  former: 'switched',
  superseded: 'switched',
  rolled_back: 'stayed',
  aborted: 'stayed',
  failed: 'failed',
  retired: 'switched',
};
