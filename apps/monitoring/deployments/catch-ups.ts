import type { StreamStore } from '#libs/event-log/index.js';
import type { Logger } from '#libs/nest/index.js';
import { TrafficFollower, type Follower } from './follow-traffic.js';

export interface CatchUpsOptions {
  readonly traffic: StreamStore;
  /** Whom they join. */
  readonly live: TrafficFollower;
  readonly retryMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Where it goes on from. Those with a checkpoint do not wait for those that are read from their beginning. */
export type CatchUpKind = 'checkpoint' | 'beginning';

/** Followers of each kind at a time: each holds up to two batches of TRAFFIC. */
const mostFollowers = 2;
/** Messages behind the live follower at which that one stands still, so that what catches up can join it. */
const nearMessages = 1_000;

interface Behind {
  readonly worker: Follower;
  readonly afterSeq: number;
}

/** Deployments that are behind: each read on from where it is until it joins the live follower. */
export class CatchUps {
  readonly #waiting: Record<CatchUpKind, Behind[]> = { checkpoint: [], beginning: [] };
  readonly #running: Record<CatchUpKind, Set<Promise<void>>> = { checkpoint: new Set(), beginning: new Set() };
  readonly #followers = new Set<TrafficFollower>();

  constructor(private readonly options: CatchUpsOptions) {}

  /** Sequence of TRAFFIC before which every one of them has applied its messages; Infinity without any. */
  get position(): number {
    const waiting = Object.values(this.#waiting).flatMap((behind) => behind.map(({ afterSeq }) => afterSeq));
    return Math.min(...waiting, ...[...this.#followers].map(({ position }) => position));
  }

  /** Why one of them cannot read on. */
  get failure(): string | undefined {
    return [...this.#followers].find(({ failure }) => failure !== undefined)?.failure;
  }

  /** It is read on when there is room for one more: see `begin`. @param afterSeq it has applied all of its own up to there */
  add(worker: Follower, afterSeq: number, kind: CatchUpKind): void {
    this.#waiting[kind].push({ worker, afterSeq });
  }

  /** One that has ended. */
  remove(worker: Follower): void {
    for (const behind of Object.values(this.#waiting)) {
      const index = behind.findIndex((each) => each.worker === worker);
      if (index >= 0) behind.splice(index, 1);
    }
    for (const follower of this.#followers) follower.remove(worker);
  }

  /** Those that wait are read on together. */
  begin(): void {
    for (const kind of ['checkpoint', 'beginning'] as const) {
      const running = this.#running[kind];
      if (this.#waiting[kind].length === 0 || running.size >= mostFollowers || this.options.signal.aborted) continue;
      const catching = this.#catchUp(this.#waiting[kind].splice(0)).finally(() => {
        running.delete(catching);
        this.begin();
      });
      running.add(catching);
    }
  }

  /** Resolves when none is under way. Never rejects. */
  async ended(): Promise<void> {
    await Promise.all(Object.values(this.#running).flatMap((running) => [...running]));
  }

  /** From the farthest behind of them up to where the live follower is, which they join. Never rejects. */
  async #catchUp(behind: readonly Behind[]): Promise<void> {
    const { live, signal, ...options } = this.options;
    const names = new Set(behind.map(({ worker }) => worker.deployment));
    const afterSeq = Math.min(...behind.map((each) => each.afterSeq));
    const follower = new TrafficFollower({ ...options, afterSeq, isOwn: (name) => names.has(name) });
    for (const { worker } of behind) follower.add(worker);
    this.#followers.add(follower);
    let held: { release(): void } | undefined;
    const isNear = (): boolean => live.position - follower.position <= nearMessages;
    const mayGoOn = (): boolean =>
      follower.members.length > 0 && (held === undefined ? !isNear() : follower.position < live.position);
    try {
      while (!signal.aborted && follower.members.length > 0) {
        if (isNear()) held ??= await live.hold();
        if (held !== undefined && follower.position >= live.position) {
          // Only here: who joins with messages missing would go on without them.
          for (const worker of follower.members) live.add(worker);
          return;
        }
        await follower.follow(signal, mayGoOn);
      }
    } finally {
      held?.release();
      this.#followers.delete(follower);
    }
  }
}
