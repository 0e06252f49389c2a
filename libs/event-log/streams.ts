/** What a stream is to be. One declaration per stream, in config/streams.ts. */
export interface StreamDeclaration {
  readonly name: string;
  readonly description: string;
  readonly subjects: readonly string[];
  readonly replicas: number;
  /** Neither a message nor the stream's contents can be deleted through the server. For ever: a server cannot take it back. */
  readonly permanent: boolean;
  /** `s2`: half the disk, and every message read back costs a whole block of 8 MB that is unpacked. */
  readonly compression: 'none' | 's2';
  /** Older messages of the same subject give way to the newest so many. */
  readonly maxMessagesPerSubject?: number;
  /** Milliseconds after which messages give way. */
  readonly maxAgeMs?: number;
  /** Milliseconds for which the server recognises a repeated message id. */
  readonly duplicateWindowMs: number;
}
