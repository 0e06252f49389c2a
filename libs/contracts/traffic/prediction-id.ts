import { sha256Hex } from '#libs/kernel/index.js';

/**
 * Where a prediction is recorded. The id is a locator: whoever resolves it joins by the identity (epoch, counter, row)
 * found there, and treats another epoch's check value as unknown.
 */
export interface PredictionLocator {
  /** Sequence in TRAFFIC. */
  readonly seq: number;
  /** Row of the chunk, from 0. */
  readonly row: number;
  /** Check value of the writer's epoch. */
  readonly check: number;
}

const maxSeq = 2 ** 48 - 1;
/** Rows of one chunk that an id can name. */
export const maxChunkRows = 2 ** 16;

/** 32 bits that tell a writer's epoch from any other. */
export const epochCheck = (epoch: string): number => parseInt(sha256Hex(epoch).slice(0, 8), 16);

/** 16 characters of base64url: 48 bits of sequence, 16 of row, 32 of check value. */
export function encodePredictionId({ seq, row, check }: PredictionLocator): string {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeUIntBE(seq, 0, 6);
  bytes.writeUInt16BE(row, 6);
  bytes.writeUInt32BE(check, 8);
  return bytes.toString('base64url');
}

/** The locator, or undefined for text that is no prediction id. */
export function decodePredictionId(id: string): PredictionLocator | undefined {
  if (!/^[A-Za-z0-9_-]{16}$/.test(id)) return undefined;
  const bytes = Buffer.from(id, 'base64url');
  const seq = bytes.readUIntBE(0, 6);
  if (seq === 0 || seq > maxSeq) return undefined;
  return { seq, row: bytes.readUInt16BE(6), check: bytes.readUInt32BE(8) };
}
