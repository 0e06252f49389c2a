import { sha256Hex } from '#libs/kernel/index.js';

/** A class that is none. */
export const noCode = -1;

/** Codes of classes that the version does not declare lie behind all that it may. */
const undeclared = 2 ** 52;

/**
 * Numbers for the classes that labels and predictions name: the place of one that the version declares; of any other 52 bits
 * of a digest. They do not depend on what came before, and nothing has to be remembered.
 */
export class ClassCodes {
  readonly #places: ReadonlyMap<string, number>;

  constructor(readonly declared: readonly string[] | null) {
    this.#places = new Map(declared?.map((text, place) => [text, place]));
  }

  codeOf(text: string): number {
    return this.#places.get(text) ?? undeclared + Number.parseInt(sha256Hex(text).slice(0, 13), 16);
  }
}
