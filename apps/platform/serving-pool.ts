import type { Logger } from 'pino';
import type { ToPlatform } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import type { SupervisedProcess } from './processes/supervised-process.js';

export interface ServingPoolOptions {
  /** A process under the slot's name, not started yet. Slots are numbered from 0. */
  readonly supervise: (slot: number) => SupervisedProcess;
  /** How many to start with. */
  readonly count: number;
  /** Told how many there are, whenever that may have changed. */
  readonly onCount: (count: number) => void;
  /**
   * Done before the processes are stopped: whoever else holds their port gives it up, or connections would go on to come
   * in that nobody accepts.
   */
  readonly beforeStop: () => Promise<void>;
  readonly logger: Pick<Logger, 'info' | 'error'>;
}

/**
 * The serving processes, all on one bound port. More are started, or some stopped, one change after the other; a process
 * is replaced by starting another one in a free slot and stopping it once that is ready, so that requests always meet
 * one that serves. A slot is a name: `serving-0`; the lowest free one is taken next.
 */
export class ServingPool {
  readonly component = 'serving';
  readonly #options: ServingPoolOptions;
  readonly #members = new Map<number, SupervisedProcess>();
  #wanted: number;
  #work: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(options: ServingPoolOptions) {
    this.#options = options;
    this.#wanted = options.count;
  }

  get count(): number {
    return this.#members.size;
  }

  /** Resolves when all are ready. @throws what the first that could not be started says */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#wanted }, () => this.#add()));
    this.#options.onCount(this.count);
  }

  /** What a process of the pool, or the control process, said. */
  hear(message: ToPlatform, slot?: number): void {
    switch (message.type) {
      case 'recycle':
        if (slot !== undefined) this.replace(slot, message.reason);
        return;
      case 'serving_processes':
        this.scaleTo(message.count);
        return;
      case 'ready':
      case 'standby':
      case 'heartbeat':
    }
  }

  /** There will be so many. */
  scaleTo(count: number): void {
    this.#wanted = count;
    this.#enqueue(() => this.#adjust());
  }

  /** Another process will stand in for the one in this slot; the slot is free then. Asked twice, it is done once. */
  replace(slot: number, reason: string): void {
    const old = this.#members.get(slot);
    if (old === undefined) return;
    this.#enqueue(() => this.#replace(slot, old, reason));
  }

  /** Stops all of them at once; resolves when they are gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#options.beforeStop();
    await Promise.all([...this.#members.values()].map((member) => member.stop()));
    await this.#work;
  }

  /** Never rejects: what goes wrong is logged, and the pool stays as it is. */
  #enqueue(change: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#stopping) return;
      try {
        await change();
      } catch (error) {
        if (!this.#isStopping())
          this.#options.logger.error({ reason: messageOf(error) }, 'the serving pool stays as it is');
      }
      this.#options.onCount(this.count);
    });
  }

  async #adjust(): Promise<void> {
    const missing = this.#wanted - this.count;
    const added = await Promise.allSettled(Array.from({ length: Math.max(0, missing) }, () => this.#add()));
    const failed = added.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    while (this.count > this.#wanted && !this.#isStopping()) await this.#remove(Math.max(...this.#members.keys()));
  }

  async #replace(slot: number, old: SupervisedProcess, reason: string): Promise<void> {
    if (this.#members.get(slot) !== old) return;
    const by = await this.#add();
    if (this.#isStopping()) return;
    this.#options.logger.info({ process: old.component, by: by.component, reason }, `${old.component} is replaced`);
    await this.#remove(slot);
  }

  /** @throws what says why it could not be started; the slot is free again */
  async #add(): Promise<SupervisedProcess> {
    const slot = this.#freeSlot();
    const member = this.#options.supervise(slot);
    this.#members.set(slot, member);
    try {
      await member.start();
      return member;
    } catch (error) {
      this.#members.delete(slot);
      throw error;
    }
  }

  async #remove(slot: number): Promise<void> {
    const member = this.#members.get(slot);
    await member?.stop();
    this.#members.delete(slot);
  }

  #freeSlot(): number {
    let slot = 0;
    while (this.#members.has(slot)) slot += 1;
    return slot;
  }

  /** The flag changes while a change waits, which the compiler's narrowing does not know. */
  #isStopping(): boolean {
    return this.#stopping;
  }
}
