import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Objm } from '@nats-io/obj';
import type { Clock } from '#libs/kernel/index.js';
import { defaultBucket, defaultTimeoutMs } from './bucket.js';
import { idleLimitMs } from './chunk-writer.js';
import { chunkSubject, streamOf } from './object-entry.js';
import { asUnavailable } from './unavailable.js';

export interface RemoveLeftoversOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** Default ARTIFACTS. */
  readonly bucket?: string;
  /** Milliseconds that one request may take (default 10,000). */
  readonly timeoutMs?: number;
}

export interface LeftoverReport {
  /** Uploads that were cut off and whose chunks are now gone. */
  readonly uploads: number;
  readonly chunks: number;
}

/** Twice what an upload may idle: clocks of two machines may differ by half an hour before a live one is in danger. */
const abandonedAfterMs = 2 * idleLimitMs;

/**
 * Removes what uploads left behind whose process died: chunks that no artifact refers to, the newest of them more than
 * an hour old. Call it at the start of one process.
 * @throws ArtifactStoreUnavailable.
 */
export async function removeLeftovers(options: RemoveLeftoversOptions): Promise<LeftoverReport> {
  const { connection, clock, bucket = defaultBucket, timeoutMs = defaultTimeoutMs } = options;
  return asUnavailable(`removing leftovers of the bucket ${bucket}`, async () => {
    const manager = await jetstreamManager(connection, { timeout: timeoutMs });
    const report = { uploads: 0, chunks: 0 };
    // Uploads first, entries second: an upload that becomes an artifact in between is in the second list.
    const uploads = await uploadsOf(manager, bucket);
    const referred = await referredUploads(connection, bucket, timeoutMs);
    for (const upload of uploads) {
      if (referred.has(upload)) continue;
      if (clock.now() - (await lastStored(manager, bucket, upload)) <= abandonedAfterMs) continue;
      const filter = chunkSubject(bucket, upload);
      const { purged } = await manager.streams.purge(streamOf(bucket), { filter });
      report.uploads += 1;
      report.chunks += purged;
    }
    return report;
  });
}

async function uploadsOf(manager: JetStreamManager, bucket: string): Promise<string[]> {
  const prefix = chunkSubject(bucket, '');
  const { state } = await manager.streams.info(streamOf(bucket), { subjects_filter: `${prefix}>` });
  return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
}

async function referredUploads(connection: NatsConnection, bucket: string, timeout: number): Promise<Set<string>> {
  const store = await new Objm(jetstream(connection, { timeout })).open(bucket);
  return new Set((await store.list()).map(({ nuid }) => nuid));
}

/** Server time of an upload's newest chunk, milliseconds since the epoch. */
async function lastStored(manager: JetStreamManager, bucket: string, upload: string): Promise<number> {
  const message = await manager.streams.getMessage(streamOf(bucket), { last_by_subj: chunkSubject(bucket, upload) });
  return message === null ? Number.NEGATIVE_INFINITY : message.time.getTime();
}
