import { ByteTable, hashOf, mixed } from '../byte-table.js';
import { frequenciesIn } from '../frequencies.js';
import { mostKept, purged, type Counted } from './counted.js';
import { DistinctEstimate } from './distinct-estimate.js';
import type { ScanContext } from './scan-context.js';

/** Longer texts are not among the frequent ones once texts are too many to count one by one. */
const longestKept = 1024;

/** As `NumberCounts`, of texts. */
export class TextCounts {
  #texts = new ByteTable();
  #counts = new Uint32Array(32);
  #estimate: DistinctEstimate | null = null;
  #lost = 0;
  readonly #most: number;

  constructor(private readonly context: ScanContext) {
    this.#most = context.distinctTexts;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const hash = hashOf(bytes, start, end);
    if (this.#estimate !== null) {
      this.#estimate.add(hash, secondHash(bytes, start, end));
      if (end - start > longestKept) return;
    }
    const { size } = this.#texts;
    const text = this.#texts.intern(bytes, start, end, hash);
    if (text < size) this.#counts[text]!++;
    else this.#added(text, end - start);
  }

  counted(top: number, shown: (text: string) => string): Counted {
    const found = frequenciesIn(this.#frequent(shown), top);
    const distinct = this.#estimate === null ? this.#texts.size : this.#estimate.distinct;
    return { distinct, exact: this.#estimate === null, top: found };
  }

  #added(text: number, bytes: number): void {
    if (text === this.#counts.length) {
      const counts = new Uint32Array(2 * text);
      counts.set(this.#counts);
      this.#counts = counts;
    }
    this.#counts[text] = 1;
    if (this.#estimate !== null) {
      if (this.#texts.size > mostKept) this.#makeRoom();
      return;
    }
    // Slot, hash, end and count take 24 bytes at most.
    this.context.textBytesLeft -= bytes + 24;
    if (this.#texts.size > this.#most || this.context.textBytesLeft < 0) this.#estimateFromHere();
  }

  #estimateFromHere(): void {
    this.#estimate = new DistinctEstimate();
    for (let text = 0; text < this.#texts.size; text++) {
      const bytes = this.#texts.slice(text);
      this.#estimate.add(this.#texts.hash(text), secondHash(bytes, 0, bytes.length));
    }
    this.context.textBytesLeft += this.#texts.bytes + 24 * this.#texts.size;
    this.#makeRoom();
  }

  #makeRoom(): void {
    const off = purged(this.#counts);
    const [texts, counts] = [this.#texts, this.#counts];
    [this.#texts, this.#counts] = [new ByteTable(), new Uint32Array(2 * mostKept)];
    this.#lost += off;
    for (let text = 0; text < texts.size; text++) {
      const bytes = texts.slice(text);
      if (counts[text]! <= off || bytes.length > longestKept) continue;
      this.#counts[this.#texts.intern(bytes, 0, bytes.length, texts.hash(text))] = counts[text]! - off;
    }
  }

  *#frequent(shown: (text: string) => string): Generator<readonly [() => string, number]> {
    for (let text = 0; text < this.#texts.size; text++) {
      const count = this.#counts[text]!;
      if (count > this.#lost) yield [() => shown(this.#texts.text(text)), count];
    }
  }
}

/** Of other bits than `hashOf`: the polynomial runs over another prime. */
function secondHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x2545f491;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 0x5bd1e995) + bytes[at]! + 1) | 0;
  return mixed(hash);
}
