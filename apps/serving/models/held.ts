import type { Rollout } from '../routing/routing-table.js';
import { deferred, type Deferred } from '../deferred.js';
import type { CandidateHolder } from './choose-release.js';
import type { LoadState } from './load-state.js';
import { Retry } from './retry.js';
import type { Session } from './sessions.js';

/** A rollout that the process should hold, and how far it has come. */
export interface WantedRollout {
  readonly rollout: Rollout;
  /** A live version is tried for ever; another one only while its failure may pass by itself. */
  readonly place: 'live' | 'former' | 'pending';
  /** Stays loaded whatever memory it takes: a rollback returns to it at once (default false). */
  readonly kept?: boolean;
}

export class Held implements CandidateHolder {
  readonly rollout: Rollout;
  place: WantedRollout['place'];
  kept: boolean;
  state: LoadState = { status: 'loading', lastFailure: null };
  session: Session<Held> | null = null;
  /** It is waited for: others are let go of for it. */
  asked = false;
  settled: Deferred = deferred();
  readonly attempted = deferred();
  readonly retry = new Retry();

  constructor({ rollout, place, kept = false }: WantedRollout) {
    this.rollout = rollout;
    this.place = place;
    this.kept = kept;
  }

  get pendingRows(): number | null {
    return this.state.status === 'loaded' ? this.state.servable.batcher.pendingRows : null;
  }

  get usedAt(): number {
    return this.state.status === 'loaded' ? this.state.servable.usedAt : 0;
  }
}
