import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { StreamStore } from './stream-store.js';

/** A fold up to one event, with all that is needed to go on from there. */
export interface Snapshot {
  /** Version of the state's schema (`SnapshotCodec.version`). */
  readonly schema: number;
  /** The event it ends with: sequence, number within its aggregate, hash. */
  readonly seq: number;
  readonly version: number;
  readonly hash: string;
  /** Encoded state. */
  readonly state: unknown;
  readonly commands: readonly SnapshotCommand[];
}

/** Command id, EVENTS sequence, digest of the command's body. */
export type SnapshotCommand = readonly [commandId: string, seq: number, digest: string];

/** Keeps the last snapshot of each aggregate on `snap.<category>.<id>`. Disposable: the events hold everything. */
export class SnapshotStore {
  constructor(private readonly stream: StreamStore) {}

  /**
   * The last snapshot of the aggregate with this event subject; undefined where there is none or it is damaged.
   * @throws what the stream throws when it cannot be read.
   */
  async read(eventSubject: string): Promise<Snapshot | undefined> {
    const message = await this.stream.lastOf(snapshotSubject(eventSubject), 'replica');
    return message === undefined ? undefined : parse(message.data);
  }

  /** @throws what the stream throws when it cannot be written. */
  async write(eventSubject: string, snapshot: Snapshot): Promise<void> {
    // gzip for its checksum, and because every command id of the aggregate is in it.
    const data = gzipSync(JSON.stringify(snapshot), { level: 1 });
    await this.stream.publish({ subject: snapshotSubject(eventSubject), headers: {}, data });
  }
}

export function snapshotSubject(eventSubject: string): string {
  if (!eventSubject.startsWith('evt.')) throw new TypeError(`'${eventSubject}' is no subject of an aggregate: evt.…`);
  return `snap.${eventSubject.slice('evt.'.length)}`;
}

const snapshotForm = z.object({
  schema: z.int(),
  seq: z.int().positive(),
  version: z.int().positive(),
  hash: z.string(),
  state: z.unknown(),
  commands: z.array(z.tuple([z.string(), z.int().positive(), z.string()])),
});

function parse(data: Uint8Array): Snapshot | undefined {
  let stored: unknown;
  try {
    stored = JSON.parse(gunzipSync(data).toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = snapshotForm.safeParse(stored);
  return parsed.success ? parsed.data : undefined;
}
