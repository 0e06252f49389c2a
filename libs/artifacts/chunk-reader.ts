import type { SeqMsgRequest } from '@nats-io/jetstream';
import { NoRespondersError, RequestError, type MsgHdrs } from '@nats-io/nats-core';
import { setTimeout as pause } from 'node:timers/promises';
import { tryTimeoutMs, type Bucket } from './bucket.js';
import { ArtifactDamaged, ArtifactStoreUnavailable } from './errors.js';
import { chunkSubject, streamOf, type ObjectEntry } from './object-entry.js';
import { asUnavailable, insistently, retryAfterMs } from './unavailable.js';

/** Chunks asked for at once: at most 2 MiB, which is all of an artifact that is in memory while it is read. */
const chunksPerRequest = 8;

interface StoredChunk {
  readonly seq: number;
  readonly data: Uint8Array;
}

/**
 * The chunks of an artifact in order, read by batch direct get: no consumer is made, and no more is asked for until
 * the last batch was taken.
 * @throws ArtifactDamaged when one is missing, ArtifactStoreUnavailable.
 */
export async function* readChunks(bucket: Bucket, entry: ObjectEntry): AsyncGenerator<Uint8Array, void, undefined> {
  let fromSeq = 1;
  for (let read = 0; read < entry.chunks;) {
    const wanted = Math.min(chunksPerRequest, entry.chunks - read);
    for (const { seq, data } of await nextChunks(bucket, entry, fromSeq, wanted)) {
      fromSeq = seq + 1;
      read += 1;
      yield data;
    }
  }
}

/** At least one chunk. Asks again while none comes and time is left: a server that restarts forgets what it was asked. */
async function nextChunks(bucket: Bucket, entry: ObjectEntry, fromSeq: number, count: number): Promise<StoredChunk[]> {
  const what = `reading ${entry.digest}`;
  const query = { seq: fromSeq, next_by_subj: chunkSubject(bucket.name, entry.upload) };
  const deadline = bucket.clock.monotonic() + bucket.timeoutMs;
  for (;;) {
    const { chunks, ended } = await asUnavailable(what, () => requestBatch(bucket, { ...query, batch: count }));
    if (chunks.length > 0) return chunks;
    if (ended) return [await chunkOfLeader(bucket, entry, query)];
    if (bucket.clock.monotonic() >= deadline) {
      throw new ArtifactStoreUnavailable(what, `no answer in ${bucket.timeoutMs} ms`);
    }
    await pause(retryAfterMs);
  }
}

type NextBySubject = SeqMsgRequest & { readonly next_by_subj: string };

/** Any server may answer a direct get, one that lags behind too. What the leader does not have is lost. */
async function chunkOfLeader(bucket: Bucket, entry: ObjectEntry, query: NextBySubject): Promise<StoredChunk> {
  const message = await insistently(bucket, `reading ${entry.digest}`, () =>
    bucket.manager.streams.getMessage(streamOf(bucket.name), query),
  );
  if (message === null) throw new ArtifactDamaged(entry.digest, 'a part of it is missing');
  return { seq: message.seq, data: message.data };
}

interface Batch {
  readonly chunks: StoredChunk[];
  /** The server said that it has no more. */
  readonly ended: boolean;
}

/**
 * One batch direct get (ADR-31): chunks, then an empty message with the status. Not the client's own `getBatch`, which
 * leaves a subscription behind and never ends when the connection breaks after its first message (3.4.0).
 * @throws the connection's error; Error for a status that says neither "no more" nor "nobody there".
 */
async function requestBatch(bucket: Bucket, query: NextBySubject & { readonly batch: number }): Promise<Batch> {
  const chunks: StoredChunk[] = [];
  const subject = `$JS.API.DIRECT.GET.${streamOf(bucket.name)}`;
  const maxWait = tryTimeoutMs(bucket.timeoutMs);
  try {
    const answers = await bucket.connection.requestMany(subject, JSON.stringify(query), {
      strategy: 'sentinel',
      maxWait,
    });
    for await (const { headers, data } of answers) {
      if (data.length === 0) return { chunks, ended: isEnd(headers) };
      chunks.push({ seq: Number(headers?.get('Nats-Sequence')), data });
    }
  } catch (error) {
    if (!isNobodyThere(error)) throw error;
  }
  return { chunks, ended: false };
}

function isEnd(headers: MsgHdrs | undefined): boolean {
  const status = headers?.code;
  if (status === 204 || status === 404) return true;
  if (status === 503) return false;
  throw new Error(`direct get answered ${status ?? 'without a status'} ${headers?.description ?? ''}`);
}

const isNobodyThere = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
