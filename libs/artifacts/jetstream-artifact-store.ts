import { JetStreamApiError, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Objm } from '@nats-io/obj';
import { Readable } from 'node:stream';
import { isoTime, randomIds, type Clock, type IdSource } from '#libs/kernel/index.js';
import type {
  ArtifactReader,
  ArtifactStat,
  ArtifactStore,
  OpenedArtifact,
  PutOptions,
  PutResult,
  ReadOptions,
} from './artifact-store.js';
import { defaultBucket, defaultTimeoutMs, tryTimeoutMs, type Bucket } from './bucket.js';
import { ChunkWriter, discardChunks } from './chunk-writer.js';
import { entryOf, findEntry, publishEntry } from './entries.js';
import { ArtifactNotFound, ArtifactTooLarge } from './errors.js';
import { chunkBytes, streamOf, type ObjectEntry } from './object-entry.js';
import { consume } from './source.js';
import { asUnavailable } from './unavailable.js';
import { isIntact, verifiedBytes } from './verified-bytes.js';

export interface ArtifactStoreOptions {
  readonly connection: NatsConnection;
  /** Copies of each byte: 1 embedded, 3 in production. Only for a bucket that does not exist yet. */
  readonly replicas: number;
  readonly clock: Clock;
  /** Names of uploads (default: random). */
  readonly ids?: IdSource;
  /** Name of the Object Store bucket (default ARTIFACTS). */
  readonly bucket?: string;
  /** Milliseconds that one request may take (default 10,000). */
  readonly timeoutMs?: number;
}

/** Opens the store, making its bucket where there is none. @throws ArtifactStoreUnavailable. */
export async function openArtifactStore(options: ArtifactStoreOptions): Promise<ArtifactStore> {
  const { connection, replicas, clock, bucket: name = defaultBucket, timeoutMs = defaultTimeoutMs } = options;
  const publisher = jetstream(connection, { timeout: timeoutMs });
  return asUnavailable(`opening the bucket ${name}`, async () => {
    await new Objm(publisher).create(name, {
      storage: StorageType.File,
      replicas,
      description: 'Artifacts of Modelog, each under its sha256 digest',
    });
    const manager = await jetstreamManager(connection, { timeout: tryTimeoutMs(timeoutMs) });
    return new JetStreamArtifactStore(
      { name, connection, publisher, manager, clock, timeoutMs },
      options.ids ?? randomIds,
    );
  });
}

/**
 * The store for reading alone: nothing is made or changed. Where there is no bucket, no artifact is found.
 * @throws ArtifactStoreUnavailable.
 */
export async function openArtifactReader(
  options: Omit<ArtifactStoreOptions, 'replicas' | 'ids'>,
): Promise<ArtifactReader> {
  const { connection, clock, bucket: name = defaultBucket, timeoutMs = defaultTimeoutMs } = options;
  const publisher = jetstream(connection, { timeout: timeoutMs });
  return asUnavailable(`opening the bucket ${name}`, async () => {
    const manager = await jetstreamManager(connection, { timeout: tryTimeoutMs(timeoutMs) });
    try {
      await manager.streams.info(streamOf(name));
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === streamNotFound) return emptyStore;
      throw error;
    }
    return new JetStreamArtifactStore({ name, connection, publisher, manager, clock, timeoutMs }, randomIds);
  });
}

const streamNotFound = 10059;

const notFound = (digest: string): Promise<never> => Promise.reject(new ArtifactNotFound(digest));
const emptyStore: ArtifactReader = { open: notFound, read: notFound, stat: notFound };

class JetStreamArtifactStore implements ArtifactStore {
  constructor(
    private readonly bucket: Bucket,
    private readonly ids: IdSource,
  ) {}

  async put(source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<PutResult> {
    const { expectedDigest } = options;
    if (expectedDigest !== undefined && (await this.#holdsIntact(expectedDigest))) {
      const { digest, size } = await consume(source, options, () => Promise.resolve());
      return { digest, size, stored: false };
    }
    const writer = new ChunkWriter(this.bucket, this.ids.next(this.bucket.clock.now()));
    const digest = await this.#upload(source, writer, options);
    const entry = {
      digest,
      upload: writer.upload,
      size: writer.size,
      chunks: writer.chunks,
      storedAt: isoTime(this.bucket.clock.now()),
    };
    return { digest, size: entry.size, stored: await this.#publish(entry) };
  }

  async open(digest: string): Promise<OpenedArtifact> {
    const entry = await this.#entry(digest);
    const bytes = verifiedBytes(this.bucket, entry);
    const first = await bytes.next();
    const stream = Readable.from(resumed(first, bytes), { objectMode: false, highWaterMark: chunkBytes });
    return { digest, size: entry.size, stream };
  }

  async read(digest: string, { maxBytes }: ReadOptions): Promise<Uint8Array> {
    const entry = await this.#entry(digest);
    if (entry.size > maxBytes) throw new ArtifactTooLarge(digest, maxBytes);
    const all = new Uint8Array(entry.size);
    let filled = 0;
    for await (const bytes of verifiedBytes(this.bucket, entry)) {
      all.set(bytes, filled);
      filled += bytes.byteLength;
    }
    return all;
  }

  async stat(digest: string): Promise<ArtifactStat> {
    const { size, storedAt } = await this.#entry(digest);
    return { digest, size, storedAt };
  }

  async #entry(digest: string): Promise<ObjectEntry> {
    const entry = await entryOf(this.bucket, digest);
    if (entry === undefined) throw new ArtifactNotFound(digest);
    return entry;
  }

  async #holdsIntact(digest: string): Promise<boolean> {
    const found = await findEntry(this.bucket, digest);
    return found.state === 'present' && isIntact(this.bucket, found.entry);
  }

  /** The digest of what was uploaded; nothing stays behind when anything fails. */
  async #upload(source: AsyncIterable<Uint8Array>, writer: ChunkWriter, options: PutOptions): Promise<string> {
    try {
      const { digest } = await consume(source, options, (bytes) => writer.write(bytes));
      await writer.finish();
      return digest;
    } catch (error) {
      await writer.discard();
      throw error;
    }
  }

  /** False when an intact artifact of these bytes was there first; the upload is then taken back. */
  async #publish(entry: ObjectEntry): Promise<boolean> {
    for (;;) {
      const found = await findEntry(this.bucket, entry.digest);
      if (found.state === 'present' && (await isIntact(this.bucket, found.entry))) {
        await discardChunks(this.bucket, entry.upload).catch(() => undefined);
        return false;
      }
      if (await publishEntry(this.bucket, entry, found.revision)) {
        if (found.state === 'present') await discardChunks(this.bucket, found.entry.upload).catch(() => undefined);
        return true;
      }
    }
  }
}

/** An iteration whose first step was taken already. */
async function* resumed<T>(
  first: IteratorResult<T, void>,
  rest: AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
