import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { ArtifactDamaged, ArtifactNotFound, ArtifactTooLarge, type ArtifactStore } from '#libs/artifacts/index.js';
import { baselineFormat } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import {
  BaselineMalformed,
  missingBaseline,
  mostBaselineBytes,
  parseBaseline,
  referenceOf,
  type RegisteredVersion,
  type WatchedVersion,
} from '#libs/monitoring/index.js';
import type { Logger } from '#libs/nest/index.js';

export interface ReferencesOptions {
  readonly artifacts: Pick<ArtifactStore, 'read'>;
  readonly logger: Logger;
  /** Bytes of baselines that stay prepared (default 128 MiB); those in use stay whatever they take. */
  readonly keptBytes?: number;
}

const defaultKeptBytes = 128 * 2 ** 20;
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

  /**
   * A store that is away is waited for: what it cannot give now is not missing.
   * @throws what the signal aborts with.
   */
  async of(version: RegisteredVersion, signal: AbortSignal): Promise<WatchedVersion> {
    const key = `${version.model}@${version.version} ${version.seq}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = this.#load(key, version, signal).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  async #load(key: string, version: RegisteredVersion, signal: AbortSignal): Promise<WatchedVersion> {
    const { signature, baseline } = version;
    for (;;) {
      try {
        const { reference, bytes } = await this.#referenceOf(version);
        const watched = { signature, reference };
        this.#kept.set(key, watched, { size: Math.max(bytes, leastBytes) });
        return watched;
      } catch (error) {
        this.options.logger.warn(
          { reason: messageOf(error), artifact: baseline?.artifact },
          'a baseline is waited for',
        );
      }
      await delay(retryMs, undefined, { signal });
    }
  }

  /** @throws what may pass. */
  async #referenceOf({
    signature,
    baseline,
  }: RegisteredVersion): Promise<{ reference: WatchedVersion['reference']; bytes: number }> {
    const missing = (why: string) => ({ reference: { missing: why }, bytes: 0 });
    if (baseline === null) return missing(missingBaseline.none);
    const { artifact, format } = baseline;
    if (format !== baselineFormat) return missing(missingBaseline.format(format));
    try {
      const bytes = await this.options.artifacts.read(artifact, { maxBytes: mostBaselineBytes });
      return { reference: referenceOf(parseBaseline(bytes), artifact, signature), bytes: bytes.length };
    } catch (error) {
      if (error instanceof ArtifactNotFound) return missing(missingBaseline.notFound(artifact));
      if (error instanceof ArtifactDamaged) return missing(missingBaseline.damaged(artifact));
      if (error instanceof ArtifactTooLarge) return missing(missingBaseline.tooLarge(artifact));
      if (error instanceof BaselineMalformed || error instanceof RangeError)
        return missing(missingBaseline.malformed(artifact, error.message));
      throw error;
    }
  }
}
