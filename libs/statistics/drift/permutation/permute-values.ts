import { Random } from '../../random.js';

/**
 * Two samples as they come out when it is drawn anew which values are the window's: `next` fills `reference` and
 * `window`, ascending, from the values of both. O(rows) each.
 */
export class PermutedValues {
  readonly reference: Float64Array;
  readonly window: Float64Array;
  readonly #pooled: Float64Array;
  readonly #order: Uint32Array;
  readonly #ofWindow: Uint8Array;
  readonly #random: Random;

  constructor(reference: Float64Array, window: Float64Array, seed: number) {
    this.#pooled = new Float64Array(reference.length + window.length);
    this.#pooled.set(reference);
    this.#pooled.set(window, reference.length);
    this.#pooled.sort();
    this.#order = Uint32Array.from(this.#pooled, (_, place) => place);
    this.#ofWindow = new Uint8Array(this.#pooled.length);
    this.#random = new Random(seed);
    this.reference = new Float64Array(reference.length);
    this.window = new Float64Array(window.length);
  }

  next(): void {
    this.#choose();
    let [ofReference, ofWindow] = [0, 0];
    for (let place = 0; place < this.#pooled.length; place++) {
      if (this.#ofWindow[place] === 1) this.window[ofWindow++] = this.#pooled[place]!;
      else this.reference[ofReference++] = this.#pooled[place]!;
    }
  }

  /** The first places of a shuffle, begun where the last one ended. */
  #choose(): void {
    const order = this.#order;
    this.#ofWindow.fill(0);
    for (let place = 0; place < this.window.length; place++) {
      const other = place + this.#random.below(order.length - place);
      const chosen = order[other]!;
      order[other] = order[place]!;
      order[place] = chosen;
      this.#ofWindow[chosen] = 1;
    }
  }
}
