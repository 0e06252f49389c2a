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

/** The open sessions of a process. Rollouts of the same artifact and signature share one. */
export class Sessions<Holder> {
  /** Sessions opened since the process started. */
  loads = 0;
  readonly #open = new Map<string, Session<Holder>>();
  readonly #closing = new Set<Promise<void>>();

  constructor(
    private readonly load: LoadArtifact,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Bytes that the open ones are taken to occupy. */
  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#open.values()) sum += bytes;
    return sum;
  }

  values(): IterableIterator<Session<Holder>> {
    return this.#open.values();
  }

  /**
   * The session of a rollout with one more holder. `hasRoom` is asked before one is opened, with the bytes that it would
   * occupy; null: it said no. One call at a time: the next may share what this one opens.
   */
  async hold(
    rollout: Rollout,
    holder: Holder,
    hasRoom: (bytes: number) => boolean,
  ): Promise<Result<Session<Holder>, LoadFailure> | null> {
    const key = `${rollout.artifact} ${canonicalJson(rollout.signature)}`;
    const present = this.#open.get(key);
    if (present !== undefined) {
      present.holders.add(holder);
      return accept(present);
    }
    let bytes = sessionBytes(0);
    const opened = await this.load(rollout, (artifactBytes) => {
      bytes = sessionBytes(artifactBytes);
      return hasRoom(bytes);
    });
    if (opened === null || !opened.ok) return opened;
    this.loads += 1;
    const session: Session<Holder> = { key, holders: new Set([holder]), model: opened.value, bytes };
    this.#open.set(key, session);
    return accept(session);
  }

  /** Closes the session when this was its last holder. */
  leave(session: Session<Holder>, holder: Holder): void {
    session.holders.delete(holder);
    if (session.holders.size > 0 || this.#open.get(session.key) !== session) return;
    this.#open.delete(session.key);
    const closing = session.model
      .dispose()
      .catch(this.onError)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Resolves when every session that was left by its last holder is gone. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing);
  }
}
