import { setTimeout as delay } from 'node:timers/promises';
import { accept, canonicalJson, type Result } from '#libs/kernel/index.js';
import type { LoadedModel } from '#libs/inference/index.js';
import type { Rollout } from '../routing/routing-table.js';
import type { LoadArtifact, LoadFailure } from './load-artifact.js';

/** One loaded graph, and who holds it. */
export interface Session<Holder> {
  readonly key: string;
  readonly holders: Set<Holder>;
  readonly model: LoadedModel;
  /** What it is taken to occupy. */
  readonly bytes: number;
}

/**
 * What a session of an artifact of so many bytes occupies, in bytes. Measured as growth of resident memory over 40
 * sessions after runs of 1, 5 and 256 rows: the fixtures take 0.14 to 0.7 MiB (a convolution 1.0), a forest of 0.86 MiB
 * takes 5.4, a dense layer of 4 MiB takes 8.0. Trees are unpacked into six times their file, weights into twice theirs:
 * for a large network this is three times too much.
 */
export const sessionBytes = (artifactBytes: number): number => 256 * 1024 + 6 * artifactBytes;

/**
 * The sessions of a process: open, being opened, and being closed until the runtime has freed them. Rollouts of the same
 * artifact and signature share an open one.
 */
export class Sessions<Holder> {
  /** Sessions opened since the process started. */
  loads = 0;
  readonly #open = new Map<string, Session<Holder>>();
  readonly #closing = new Map<Session<Holder>, Promise<void>>();
  #openingBytes = 0;

  constructor(
    private readonly load: LoadArtifact,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Bytes that all of them are taken to occupy. */
  get bytes(): number {
    return this.#openingBytes + this.openBytes + sumOf(this.#closing.keys());
  }

  /** Of the open ones. */
  get openBytes(): number {
    return sumOf(this.#open.values());
  }

  /** Whether sessions that nobody holds any more still occupy memory. */
  get isClosing(): boolean {
    return this.#closing.size > 0;
  }

  values(): IterableIterator<Session<Holder>> {
    return this.#open.values();
  }

  /**
   * The session of a rollout with one more holder. `hasRoom` is asked before one is opened, with the bytes that it would
   * occupy, and they count from its yes on; null: it said no. One call at a time: the next may share what this one opens.
   */
  async hold(
    rollout: Rollout,
    holder: Holder,
    hasRoom: (bytes: number) => Promise<boolean>,
  ): Promise<Result<Session<Holder>, LoadFailure> | null> {
    const key = `${rollout.artifact} ${canonicalJson(rollout.signature)}`;
    const present = this.#open.get(key);
    if (present !== undefined) {
      present.holders.add(holder);
      return accept(present);
    }
    let bytes = sessionBytes(0);
    try {
      const opened = await this.load(rollout, async (artifactBytes) => {
        bytes = sessionBytes(artifactBytes);
        const granted = await hasRoom(bytes);
        if (granted) this.#openingBytes = bytes;
        return granted;
      });
      if (opened === null || !opened.ok) return opened;
      this.loads += 1;
      const session: Session<Holder> = { key, holders: new Set([holder]), model: opened.value, bytes };
      this.#open.set(key, session);
      return accept(session);
    } finally {
      this.#openingBytes = 0;
    }
  }

  /** Closes the session when this was its last holder. */
  leave(session: Session<Holder>, holder: Holder): void {
    session.holders.delete(holder);
    if (session.holders.size === 0) this.retire(session, Promise.resolve());
  }

  /** Nobody may hold it from now on; closes it once `drained` resolves. Nothing where it is being closed already. */
  retire(session: Session<Holder>, drained: Promise<unknown>): void {
    if (this.#open.get(session.key) !== session) return;
    this.#open.delete(session.key);
    session.holders.clear();
    const closing = drained
      .then(() => session.model.dispose())
      .catch(this.onError)
      .finally(() => this.#closing.delete(session));
    this.#closing.set(session, closing);
  }

  /** Waits while sessions are being closed, until `suffices`, but at most so many milliseconds. */
  async closedUntil(suffices: () => boolean, withinMs: number): Promise<void> {
    const over = new AbortController();
    const late = delay(withinMs, true, { ref: false, signal: over.signal }).catch(() => true);
    try {
      while (this.isClosing && !suffices())
        if ((await Promise.race([late, ...this.#closing.values()])) === true) return;
    } finally {
      over.abort();
    }
  }

  /** Resolves when every session that nobody holds any more is gone. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing.values());
  }
}

function sumOf(sessions: Iterable<{ readonly bytes: number }>): number {
  let sum = 0;
  for (const { bytes } of sessions) sum += bytes;
  return sum;
}
