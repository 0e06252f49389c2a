/** 32 bits of a text: FNV-1a of its UTF-16 code units, mixed as MurmurHash3 does. The same for ever: what is stored holds it. */
export function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Of each text its hash, ascending, as little-endian words in base64. */
export function encodeTextHashes(texts: Iterable<string>): string {
  const hashes = Uint32Array.from(texts, textHash).sort();
  const bytes = Buffer.alloc(4 * hashes.length);
  for (const [at, hash] of hashes.entries()) bytes.writeUInt32LE(hash, 4 * at);
  return bytes.toString('base64');
}

/** Ascending, whatever their order was. */
export function decodeTextHashes(text: string): Uint32Array {
  const bytes = Buffer.from(text, 'base64');
  return Uint32Array.from({ length: bytes.length >>> 2 }, (_, at) => bytes.readUInt32LE(4 * at)).sort();
}
