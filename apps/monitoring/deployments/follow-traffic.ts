import { setTimeout as delay } from 'node:timers/promises';
import type { StreamMessage, StreamStore } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { deploymentOf } from '#libs/monitoring/index.js';
import type { Logger } from '#libs/nest/index.js';

/** Who is given the messages of a deployment. */
export interface Follower {
  readonly deployment: string;
  offer(message: StreamMessage): void;
  /** Resolves when every message that was offered is applied. Never rejects. */
  drained(): Promise<void>;
}

export interface TrafficFollowerOptions {
  readonly traffic: StreamStore;
  /** Begins behind it. */
  readonly afterSeq: number;
  /** Messages of others are passed by. */
  readonly isOwn: (deployment: string) => boolean;
  /** A message of an own deployment that is no member. */
  readonly onOther?: (deployment: string) => void;
  /** Milliseconds from a failure to the next attempt. */
  readonly retryMs: number;
  readonly logger: Logger;
}

/** A chunk may hold 512 KiB: at most two batches of so many messages wait. */
const batchMessages = 64;
/** Subjects whose deployments are remembered. */
const mostSubjects = 10_000;

/** TRAFFIC in its order, unfiltered: each message to who watches its deployment, all others passed by unread. */
export class TrafficFollower {
  readonly #members = new Map<string, Follower>();
  readonly #names = new Map<string, string | undefined>();
  #position: number;
  #failure: string | undefined;
  #held: Promise<void> | undefined;
  #batch: Promise<void> = Promise.resolve();

  constructor(private readonly options: TrafficFollowerOptions) {
    this.#position = options.afterSeq;
  }

  /** Last sequence whose message was handed on. */
  get position(): number {
    return this.#position;
  }

  /** Why TRAFFIC could not be followed when it was tried last. */
  get failure(): string | undefined {
    return this.#failure;
  }

  get members(): readonly Follower[] {
    return [...this.#members.values()];
  }

  has(worker: Follower): boolean {
    return this.#members.get(worker.deployment) === worker;
  }

  /** @param worker has applied, or is about to be given by another follower, everything up to the position. */
  add(worker: Follower): void {
    this.#members.set(worker.deployment, worker);
  }

  remove(worker: Follower): void {
    if (this.has(worker)) this.#members.delete(worker.deployment);
  }

  /** Resolves when it stands still: no message is handed on until `release`. Callers take turns. */
  async hold(): Promise<{ release(): void }> {
    while (this.#held !== undefined) await this.#held;
    let release: () => void = () => undefined;
    this.#held = new Promise((resolve) => {
      release = () => {
        this.#held = undefined;
        resolve();
      };
    });
    await this.#batch;
    return { release };
  }

  /** Until the signal aborts; what fails is tried again. Never rejects. @param mayGoOn is asked behind every batch */
  async follow(signal: AbortSignal, mayGoOn: () => boolean = () => true): Promise<void> {
    const { retryMs, logger } = this.options;
    while (!signal.aborted) {
      try {
        await this.#handAll(signal, mayGoOn);
        return;
      } catch (error) {
        const failure = messageOf(error);
        if (failure !== this.#failure)
          logger.error({ err: error, traffic_seq: this.#position }, 'TRAFFIC cannot be followed');
        this.#failure = failure;
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #handAll(signal: AbortSignal, mayGoOn: () => boolean): Promise<void> {
    const options = { fromSeq: this.#position + 1, signal, maxBatch: batchMessages };
    for await (const batch of this.options.traffic.follow(options)) {
      this.#failure = undefined;
      while (this.#held !== undefined) await this.#held;
      this.#batch = this.#handOn(batch);
      await this.#batch;
      if (!mayGoOn()) return;
    }
  }

  async #handOn(batch: readonly StreamMessage[]): Promise<void> {
    const busy = new Set<Follower>();
    for (const message of batch) {
      this.#position = message.seq;
      const deployment = this.#nameOf(message.subject);
      if (deployment === undefined) continue;
      const member = this.#members.get(deployment);
      if (member === undefined) this.options.onOther?.(deployment);
      else {
        member.offer(message);
        busy.add(member);
      }
    }
    await Promise.all([...busy].map((member) => member.drained()));
  }

  /** Undefined for what is not followed here. */
  #nameOf(subject: string): string | undefined {
    if (this.#names.has(subject)) return this.#names.get(subject);
    if (this.#names.size >= mostSubjects) this.#names.clear();
    const name = deploymentOf(subject);
    const own = name !== undefined && this.options.isOwn(name) ? name : undefined;
    this.#names.set(subject, own);
    return own;
  }
}
