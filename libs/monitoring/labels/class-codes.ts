/** Classes that are told apart. */
const mostClasses = 200;
const longest = 256;

/** A class that has no code. */
export const noCode = -1;

/**
 * Numbers for the classes that labels and predictions name: those that the version declares in their order, then others
 * as they are met, up to 200 of them.
 */
export class ClassCodes {
  readonly #codes: Map<string, number>;

  /** @param found met so far, in their order. */
  constructor(
    readonly declared: readonly string[] | null,
    found: readonly string[] = [],
  ) {
    this.#codes = new Map([...(declared ?? []), ...found].map((text, code) => [text, code]));
  }

  /** Classes that the version does not declare. */
  get found(): readonly string[] {
    return [...this.#codes.keys()].slice(this.declared?.length ?? 0);
  }

  /** More classes were met than are told apart. */
  get full(): boolean {
    return this.found.length >= mostClasses;
  }

  codeOf(text: string): number {
    const shown = text.length > longest ? `${text.slice(0, longest)}…`.toWellFormed() : text;
    const known = this.#codes.get(shown);
    if (known !== undefined) return known;
    if (this.full) return noCode;
    this.#codes.set(shown, this.#codes.size);
    return this.#codes.size - 1;
  }

  /** '…' for what has no code. */
  textOf(code: number): string {
    return [...this.#codes.keys()][code] ?? '…';
  }

  /** In the order of their codes. */
  texts(): string[] {
    return [...this.#codes.keys()];
  }
}
