import type { TrafficPosition } from '#libs/contracts/index.js';

const wordBits = 32;

/** Which rows of TRAFFIC were seen: a bit for each, and a place for each chunk. */
export class SeenRows {
  /** A number holds the rows below 32, as most chunks have no others. */
  readonly #chunks = new Map<number, number | Uint32Array>();

  /** @returns false: it was there before. */
  add({ seq, row }: TrafficPosition): boolean {
    const known = this.#chunks.get(seq) ?? 0;
    const bit = (1 << (row % wordBits)) >>> 0;
    if (typeof known === 'number' && row < wordBits) {
      this.#chunks.set(seq, (known | bit) >>> 0);
      return (known & bit) === 0;
    }
    const word = Math.floor(row / wordBits);
    const words = this.#wordsOf(seq, known, word);
    const before = words[word]!;
    words[word] = before | bit;
    return (before & bit) === 0;
  }

  #wordsOf(seq: number, known: number | Uint32Array, word: number): Uint32Array {
    if (typeof known !== 'number' && word < known.length) return known;
    const larger = new Uint32Array(2 * (word + 1));
    larger.set(typeof known === 'number' ? [known] : known);
    this.#chunks.set(seq, larger);
    return larger;
  }
}
