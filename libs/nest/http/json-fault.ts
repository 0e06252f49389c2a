/**
 * Says what is wrong with a text that JSON.parse refused, and where: `line 3, column 5: …`. V8 names a position for some
 * faults only, so the text is read once more by the grammar of RFC 8259.
 */
export function jsonFault(text: string): string {
  const scanner = new Scanner(text);
  const expected = scanner.document();
  if (expected === undefined) return 'the body is not JSON';
  const before = text.slice(0, scanner.at).split('\n');
  const found = scanner.at < text.length ? `found ${JSON.stringify(text[scanner.at])}` : 'the body ends';
  return `line ${before.length}, column ${before.at(-1)!.length + 1}: expected ${expected}, ${found}`;
}

const space = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

const stringBody = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

/** Walks over a text without recursion, whatever its depth; stops at the first fault. */
class Scanner {
  at = 0;

  constructor(private readonly text: string) {}

  /** What was expected at `at`; undefined when the whole text is JSON. */
  document(): string | undefined {
    const open: ('{' | '[')[] = [];
    for (;;) {
      const fault = this.#value(open);
      if (fault !== undefined) return fault;
      const closing = this.#afterValue(open);
      if (closing !== 'next') return closing === 'end' ? undefined : closing;
    }
  }

  /** One scalar, or everything up to the first scalar inside. Leaves `open` with what it opened. */
  #value(open: ('{' | '[')[]): string | undefined {
    for (;;) {
      this.#skip(space);
      if (this.#take('{')) {
        if (this.#takeSpaced('}')) return undefined;
        open.push('{');
        const fault = this.#key();
        if (fault !== undefined) return fault;
      } else if (this.#take('[')) {
        if (this.#takeSpaced(']')) return undefined;
        open.push('[');
      } else if (this.text[this.at] === '"') {
        return this.#string();
      } else {
        return this.#skip(scalar) ? undefined : 'a value';
      }
    }
  }

  /** After a value: closes what ends here. `next` when another value must come. */
  #afterValue(open: ('{' | '[')[]): string {
    for (;;) {
      this.#skip(space);
      const inside = open.at(-1);
      if (inside === undefined) return this.at === this.text.length ? 'end' : 'the end of the body';
      const close = inside === '{' ? '}' : ']';
      if (this.#take(',')) return (inside === '{' ? this.#key() : undefined) ?? 'next';
      if (!this.#take(close)) return `',' or '${close}'`;
      open.pop();
    }
  }

  #key(): string | undefined {
    this.#skip(space);
    if (this.text[this.at] !== '"') return 'a name in double quotes';
    const fault = this.#string();
    if (fault !== undefined) return fault;
    return this.#takeSpaced(':') ? undefined : "':'";
  }

  #string(): string | undefined {
    this.#skip(stringBody);
    if (this.#take('"')) return undefined;
    return this.text[this.at] === '\\' ? 'a valid escape' : "'\"' at the end of a string";
  }

  #takeSpaced(character: string): boolean {
    this.#skip(space);
    return this.#take(character);
  }

  #take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}
