import type { Readable } from 'node:stream';

/** Bytes under their own name: an artifact's digest is `sha256:` and 64 lower-case hexadecimal digits. Never deleted. */
export interface ArtifactStore {
  /**
   * Stores bytes of any length, held in memory a few chunks at a time. Visible only once complete; whatever fails,
   * and an error of the source too, leaves nothing visible. Bytes that are there already are not stored again;
   * should what is there be damaged, this upload replaces it. When it fails the source is left open: its owner closes it.
   * @throws DigestMismatch, ArtifactTooLarge, ArtifactStoreUnavailable; the source's own error as it is.
   */
  put(source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<PutResult>;

  /**
   * The bytes as a stream, verified on the way: the last piece is held back until the digest of the whole is known,
   * so that a reader of damaged bytes meets ArtifactDamaged before it has them all. What is small (256 KiB) is verified
   * before there is a stream.
   * @throws ArtifactNotFound, ArtifactDamaged, ArtifactStoreUnavailable; later the stream fails with the last two.
   */
  open(digest: string): Promise<OpenedArtifact>;

  /**
   * All the bytes, verified before they are returned.
   * @throws ArtifactNotFound, ArtifactDamaged, ArtifactTooLarge, ArtifactStoreUnavailable.
   */
  read(digest: string, options: ReadOptions): Promise<Uint8Array>;

  /** Size and time of storing, without reading the bytes. @throws ArtifactNotFound, ArtifactStoreUnavailable. */
  stat(digest: string): Promise<ArtifactStat>;
}

/** What is there, without a way to change it. */
export type ArtifactReader = Pick<ArtifactStore, 'open' | 'read' | 'stat'>;

export interface PutOptions {
  /** The digest that the bytes must have. */
  readonly expectedDigest?: string;
  /** Most bytes to take (default: no limit). */
  readonly maxBytes?: number;
}

export interface PutResult {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** False when an intact artifact of these bytes was there already. */
  readonly stored: boolean;
}

export interface OpenedArtifact {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** Reads ahead a few chunks at most. Destroy it when you stop before its end. */
  readonly stream: Readable;
}

export interface ReadOptions {
  readonly maxBytes: number;
}

export interface ArtifactStat {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** ISO-8601 instant. */
  readonly storedAt: string;
}
