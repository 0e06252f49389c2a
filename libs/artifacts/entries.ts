import { JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { headers } from '@nats-io/nats-core';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '#libs/kernel/index.js';
import type { Bucket } from './bucket.js';
import { ArtifactDamaged, ArtifactStoreUnavailable } from './errors.js';
import { decodeEntry, encodeEntry, entrySubject, streamOf, type ObjectEntry } from './object-entry.js';
import { insistently, retryAfterMs } from './unavailable.js';

/** What is under a digest, as the leader answers: intact or not, the next entry must expect this revision. */
export type Found =
  | { readonly state: 'absent'; readonly revision: number }
  | { readonly state: 'unreadable'; readonly revision: number; readonly reason: string }
  | { readonly state: 'present'; readonly revision: number; readonly entry: ObjectEntry };

/** @throws ArtifactStoreUnavailable. */
export async function findEntry(bucket: Bucket, digest: string): Promise<Found> {
  const message: StoredMsg | null = await insistently(bucket, `looking up ${digest}`, () =>
    bucket.manager.streams.getMessage(streamOf(bucket.name), { last_by_subj: entrySubject(bucket.name, digest) }),
  );
  if (message === null) return { state: 'absent', revision: 0 };
  const revision = message.seq;
  try {
    const entry = decodeEntry(message.string(), digest);
    return entry === undefined ? { state: 'absent', revision } : { state: 'present', revision, entry };
  } catch (error) {
    return { state: 'unreadable', revision, reason: `its entry cannot be read: ${messageOf(error)}` };
  }
}

/** The entry of a digest. @throws ArtifactDamaged, ArtifactStoreUnavailable; undefined when there is none. */
export async function entryOf(bucket: Bucket, digest: string): Promise<ObjectEntry | undefined> {
  const found = await findEntry(bucket, digest);
  if (found.state === 'unreadable') throw new ArtifactDamaged(digest, found.reason);
  return found.state === 'present' ? found.entry : undefined;
}

/** JetStream: the subject's last sequence is not the expected one; or another message for it is in flight. */
const conflictCodes = new Set([10071, 10164]);

const attempts = 3;

/**
 * Makes uploaded chunks visible, in one message that the server takes only if nothing happened to the digest since
 * `revision`. False when something did.
 * @throws ArtifactStoreUnavailable: the entry may be there or not, so its chunks must be left alone.
 */
export async function publishEntry(bucket: Bucket, entry: ObjectEntry, revision: number): Promise<boolean> {
  const replacing = headers();
  // An unreadable or damaged predecessor is taken out by the same message.
  replacing.set('Nats-Rollup', 'sub');
  for (let attempt = 1; ; attempt += 1) {
    try {
      await bucket.publisher.publish(entrySubject(bucket.name, entry.digest), encodeEntry(bucket.name, entry), {
        expect: { lastSubjectSequence: revision },
        headers: replacing,
        timeout: bucket.timeoutMs,
      });
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError) {
        if (conflictCodes.has(error.code)) return isOurs(bucket, entry);
        throw new ArtifactStoreUnavailable(`storing ${entry.digest}`, error.message, { cause: error });
      }
      if (attempt === attempts) {
        throw new ArtifactStoreUnavailable(`storing ${entry.digest}`, messageOf(error), { cause: error });
      }
      await pause(retryAfterMs);
    }
  }
}

/** A repeat after a lost answer meets its own entry. */
async function isOurs(bucket: Bucket, entry: ObjectEntry): Promise<boolean> {
  const found = await findEntry(bucket, entry.digest);
  return found.state === 'present' && found.entry.upload === entry.upload;
}
