import { Readable } from 'node:stream';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { canonicalJson } from '#libs/kernel/index.js';

/** @returns the digest. The same value always has the same bytes. */
export async function storeJson(artifacts: ArtifactStore, value: unknown): Promise<string> {
  return storeBytes(artifacts, new TextEncoder().encode(canonicalJson(value)));
}

export async function storeBytes(artifacts: ArtifactStore, bytes: Uint8Array): Promise<string> {
  const { digest } = await artifacts.put(Readable.from(piecesOf(bytes)));
  return digest;
}

/** @throws ArtifactNotFound, ArtifactDamaged, ArtifactTooLarge; SyntaxError when it is no JSON. */
export async function readJson(artifacts: ArtifactStore, digest: string): Promise<unknown> {
  const bytes = await artifacts.read(digest, { maxBytes: mostBytes });
  return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
}

const mostBytes = 256 * 2 ** 20;
const pieceBytes = 128 * 1024;

function* piecesOf(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let from = 0; from < bytes.length; from += pieceBytes) yield bytes.subarray(from, from + pieceBytes);
}
