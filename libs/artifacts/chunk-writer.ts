import type { PubAck } from '@nats-io/jetstream';
import type { Bucket } from './bucket.js';
import { ArtifactStoreUnavailable } from './errors.js';
import { chunkBytes, chunkSubject, streamOf } from './object-entry.js';
import { asUnavailable } from './unavailable.js';

/** Chunks sent and not yet acknowledged: together 1 MiB. */
const chunksInFlight = 4;

/**
 * An upload that stored nothing for this long gives up. Half the age at which `removeLeftovers` takes chunks for
 * abandoned, so that it can never take those of an upload that still goes on.
 */
export const idleLimitMs = 30 * 60 * 1000;

/** Cuts bytes into chunks and stores them in order. Nothing of it is visible until an entry names it. */
export class ChunkWriter {
  #size = 0;
  #chunks = 0;
  #filling = Buffer.allocUnsafe(chunkBytes);
  #filled = 0;
  readonly #inFlight: Promise<PubAck>[] = [];
  #lastSeq = 0;
  #lastStored: number;

  constructor(
    private readonly bucket: Bucket,
    readonly upload: string,
  ) {
    this.#lastStored = bucket.clock.monotonic();
  }

  get size(): number {
    return this.#size;
  }

  get chunks(): number {
    return this.#chunks;
  }

  /** Copies the bytes: the caller may use them again. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.byteLength;) {
      if (this.#filled === chunkBytes) await this.#send();
      const part = bytes.subarray(from, from + chunkBytes - this.#filled);
      this.#filling.set(part, this.#filled);
      this.#filled += part.byteLength;
      this.#size += part.byteLength;
      from += part.byteLength;
    }
  }

  /** Stores what is left and waits until all is. */
  async finish(): Promise<void> {
    if (this.#filled > 0) await this.#send();
    while (this.#inFlight.length > 0) await this.#settleOne();
  }

  /** Takes back what is stored. Best effort: what a failing server keeps, `removeLeftovers` finds later. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
    if (this.#chunks === 0) return;
    await discardChunks(this.bucket, this.upload).catch(() => undefined);
  }

  async #send(): Promise<void> {
    while (this.#inFlight.length >= chunksInFlight) await this.#settleOne();
    if (this.bucket.clock.monotonic() - this.#lastStored > idleLimitMs) {
      throw new ArtifactStoreUnavailable('the upload', `nothing came for ${idleLimitMs / 60_000} minutes`);
    }
    const published = this.bucket.publisher.publish(
      chunkSubject(this.bucket.name, this.upload),
      this.#filling.subarray(0, this.#filled),
      { timeout: this.bucket.timeoutMs },
    );
    // Awaited later: a rejection that arrives before is not an unhandled one.
    published.catch(() => undefined);
    this.#inFlight.push(published);
    this.#chunks += 1;
    this.#filling = Buffer.allocUnsafe(chunkBytes);
    this.#filled = 0;
  }

  async #settleOne(): Promise<void> {
    const { seq } = await asUnavailable('storing a chunk', () => this.#inFlight[0]!);
    if (seq <= this.#lastSeq) throw new ArtifactStoreUnavailable('storing a chunk', 'the chunks were put out of order');
    this.#lastSeq = seq;
    this.#lastStored = this.bucket.clock.monotonic();
    void this.#inFlight.shift();
  }
}

export async function discardChunks(bucket: Bucket, upload: string): Promise<number> {
  const filter = chunkSubject(bucket.name, upload);
  const { purged } = await bucket.manager.streams.purge(streamOf(bucket.name), { filter });
  return purged;
}
