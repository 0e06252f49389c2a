import protobuf from 'protobufjs/minimal.js';
import { wireType } from './wire.js';

/** Tag and length in front of a message, a string or bytes. */
export const fieldHead = (field: number, length: number): Uint8Array =>
  protobuf.Writer.create()
    .uint32((field << 3) | wireType.bytes)
    .uint32(length)
    .finish();

/** One buffer of all the pieces: the one copy that a rewritten model takes. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

export const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);
