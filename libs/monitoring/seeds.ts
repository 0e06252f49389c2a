import { nameOf } from '#libs/kernel/index.js';

const { imul } = Math;

/** 32 bits that follow from names (FNV-1a, mixed): what is drawn for a window is drawn again by every replay. */
export function seedOf(...names: readonly (string | number)[]): number {
  const name = nameOf(...names.map(String));
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
