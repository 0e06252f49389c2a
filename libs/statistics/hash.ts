const { imul } = Math;

/** The last step of MurmurHash3: every bit of the word bears on every bit of the result. */
export function mixed(word: number): number {
  let hash = word;
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 32 bits of the two words of a float64. */
export const hashOfWords = (low: number, high: number): number => mixed(imul(low, 0x9e3779b1) ^ mixed(high));

/** A whole number below 2⁵³ that tells texts apart: 53 bits of two hashes (FNV-1a and one with another prime). */
export function keyOfText(text: string): number {
  let [first, second] = [0x811c9dc5, text.length];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    first = imul(first ^ unit, 0x01000193);
    second = (imul(second ^ unit, 0x85ebca77) + 1) | 0;
  }
  return (mixed(first) >>> 5) * 2 ** 26 + (mixed(second) >>> 6);
}

/**
 * The random number that a seed has at a place: 0 to 1, without 1, in steps of 2⁻⁵³. The same whatever was asked before, so
 * that no state of a generator is to be kept.
 * @param place whole, 0 to 2⁵³ − 1.
 */
export function randomAt(seed: number, place: number): number {
  const above = imul(mixed((place / 2 ** 32) ^ 0x85ebca6b), 0x27d4eb2f);
  const high = mixed(mixed(seed ^ 0x9e3779b9) + mixed(place) + above);
  const low = mixed(mixed(seed ^ 0x165667b1) - mixed(place ^ 0xc2b2ae35) + above);
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) * 2 ** -53;
}
