import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { ArtifactStoreUnavailable, type ArtifactStore } from '#libs/artifacts/index.js';
import { messageOf, type Clock } from '#libs/kernel/index.js';
import { watchedVersionOf, type RegisteredVersion, type WatchedVersion } from '#libs/monitoring/index.js';
import type { Logger } from '#libs/nest/index.js';

export interface ReferencesOptions {
  readonly artifacts: Pick<ArtifactStore, 'read'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Bytes of baselines that stay prepared (default 128 MiB); those in use stay whatever they take. */
  readonly keptBytes?: number;
  /** Milliseconds for which a store that is away is asked again (default 5,000). */
  readonly patienceMs?: number;
}

const defaultKeptBytes = 128 * 2 ** 20;
const defaultPatienceMs = 5_000;
const retryMs = 500;
/** Of a version without a baseline: its signature. */
const leastBytes = 4096;

/** What versions are compared with, prepared from their baselines: each is read once while there is room. */
export class References {
  readonly #kept: LRUCache<string, WatchedVersion>;
  readonly #loading = new Map<string, Promise<WatchedVersion>>();

  constructor(private readonly options: ReferencesOptions) {
    this.#kept = new LRUCache({ maxSize: options.keptBytes ?? defaultKeptBytes });
  }

  /** @throws ArtifactStoreUnavailable when the store is away for long: what it cannot give now is not missing. */
  async of(version: RegisteredVersion): Promise<WatchedVersion> {
    const key = `${version.model}@${version.version} ${version.seq}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = this.#load(key, version).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  async #load(key: string, version: RegisteredVersion): Promise<WatchedVersion> {
    const { artifacts, clock, logger, patienceMs = defaultPatienceMs } = this.options;
    const deadline = clock.monotonic() + patienceMs;
    for (;;) {
      try {
        const { watched, bytes } = await watchedVersionOf(version, (digest, limits) => artifacts.read(digest, limits));
        this.#kept.set(key, watched, { size: Math.max(bytes, leastBytes) });
        return watched;
      } catch (error) {
        if (!(error instanceof ArtifactStoreUnavailable) || clock.monotonic() >= deadline) throw error;
        logger.warn({ reason: messageOf(error), artifact: version.baseline?.artifact }, 'a baseline is waited for');
      }
      await delay(retryMs);
    }
  }
}
