import { mixed } from './byte-table.js';

/** 32 random bits that a seed has at a place: the same whatever was asked before. */
export const randomBits = (seed: number, place: number): number => mixed(mixed(seed ^ 0x9e3779b9) + mixed(place));

/**
 * So many of the places 0 to `count` − 1, each as likely, ascending: those with the smallest random bits.
 * @param size at most `count` are drawn.
 */
export function sample(count: number, size: number, seed: number): Int32Array {
  if (size >= count) return Int32Array.from({ length: count }, (_, place) => place);
  const keys = Uint32Array.from({ length: count }, (_, place) => randomBits(seed, place));
  const last = keys.slice().sort()[size - 1]!;
  const drawn = new Int32Array(size);
  // Of those that share the last key, the first ones.
  let equal = size - keys.reduce((smaller, key) => (key < last ? smaller + 1 : smaller), 0);
  let found = 0;
  for (let place = 0; place < count; place++) {
    const key = keys[place]!;
    if (key < last || (key === last && equal-- > 0)) drawn[found++] = place;
  }
  return drawn;
}
