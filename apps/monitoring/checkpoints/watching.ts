import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '#libs/kernel/index.js';
import type { Logger } from '#libs/nest/index.js';
import type { Checkpoints } from './checkpoints.js';
import type { OwnedDeployments } from '../deployments/owned-deployments.js';

/** What watches, from when it enters its name until another process has taken that. */
export interface WatchingLife {
  readonly owned: OwnedDeployments;
  readonly checkpoints: Pick<Checkpoints, 'isNameFree'>;
}

export interface WatchingOptions {
  /** Another life, which is no other's. */
  readonly begin: (onNameTaken: () => void) => WatchingLife;
  readonly logger: Logger;
  /** Milliseconds from one look at whether the name is free to the next (default 2,000). */
  readonly lookMs?: number;
}

/** Watches under this process's name. While another process has it, it waits until that one has left or is gone. */
export class Watching {
  readonly #options: WatchingOptions;
  readonly #stopping = new AbortController();
  #life: WatchingLife;
  #again: Promise<void> = Promise.resolve();

  constructor(options: WatchingOptions) {
    this.#options = options;
    this.#life = this.#begin();
  }

  get owned(): OwnedDeployments {
    return this.#life.owned;
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#again;
    await this.#life.owned.stop();
  }

  #begin(): WatchingLife {
    const life = this.#options.begin(() => {
      this.#again = this.#waitFor(life);
    });
    life.owned.start();
    return life;
  }

  async #waitFor({ owned, checkpoints }: WatchingLife): Promise<void> {
    const { logger, lookMs = 2_000 } = this.#options;
    const { signal } = this.#stopping;
    await owned.stop();
    while (!(await this.#isFree(checkpoints))) {
      await delay(lookMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
    logger.warn('the name of this process is free again: it watches again');
    this.#life = this.#begin();
  }

  async #isFree(checkpoints: WatchingLife['checkpoints']): Promise<boolean> {
    try {
      return await checkpoints.isNameFree();
    } catch (error) {
      const reason = messageOf(error);
      this.#options.logger.warn({ reason }, 'whether the name of this process is free cannot be told');
      return false;
    }
  }
}
