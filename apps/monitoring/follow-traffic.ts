import type { StreamMessage, StreamStore } from '#libs/event-log/index.js';
import { deploymentOf } from '#libs/monitoring/index.js';
import type { DeploymentWorker } from './deployment-worker.js';

/** A chunk may hold 512 KiB: at most two batches of so many messages wait. */
const batchMessages = 64;
/** Subjects whose deployments are remembered. */
const mostSubjects = 10_000;

/** TRAFFIC in its order, unfiltered: each message to who watches its deployment, all others passed by unread. */
export class TrafficFollower {
  readonly #members = new Map<string, DeploymentWorker>();
  readonly #names = new Map<string, string | undefined>();
  #position: number;
  #held: Promise<void> | undefined;
  #batch: Promise<void> = Promise.resolve();

  /** @param afterSeq begins behind it. @param isOwn messages of others are passed by */
  constructor(
    private readonly traffic: StreamStore,
    afterSeq: number,
    private readonly isOwn: (deployment: string) => boolean,
    /** A message of an own deployment that is no member. */
    private readonly onOther: (deployment: string) => void = () => undefined,
  ) {
    this.#position = afterSeq;
  }

  /** Last sequence whose message was handed on. */
  get position(): number {
    return this.#position;
  }

  get members(): readonly DeploymentWorker[] {
    return [...this.#members.values()];
  }

  /** @param worker has applied, or is about to be given by another follower, everything up to the position. */
  add(worker: DeploymentWorker): void {
    this.#members.set(worker.deployment, worker);
  }

  remove(worker: DeploymentWorker): void {
    if (this.#members.get(worker.deployment) === worker) this.#members.delete(worker.deployment);
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

  /**
   * Until the signal aborts.
   * @param mayGoOn is asked behind every batch; false ends it
   * @throws as `StreamStore.follow` does
   */
  async follow(signal: AbortSignal, mayGoOn: () => boolean): Promise<void> {
    const options = { fromSeq: this.#position + 1, signal, maxBatch: batchMessages };
    for await (const batch of this.traffic.follow(options)) {
      while (this.#held !== undefined) await this.#held;
      this.#batch = this.#handOn(batch);
      await this.#batch;
      if (!mayGoOn()) return;
    }
  }

  async #handOn(batch: readonly StreamMessage[]): Promise<void> {
    const busy = new Set<DeploymentWorker>();
    for (const message of batch) {
      this.#position = message.seq;
      const deployment = this.#nameOf(message.subject);
      if (deployment === undefined) continue;
      const member = this.#members.get(deployment);
      if (member === undefined) this.onOther(deployment);
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
    const own = name !== undefined && this.isOwn(name) ? name : undefined;
    this.#names.set(subject, own);
    return own;
  }
}
