import { isStorable } from '#libs/contracts/index.js';
import { Unreadable } from './unreadable.js';

interface Place {
  /** Of the first and behind the last UTF-16 unit. */
  readonly from: number;
  readonly to: number;
}

export type Token = Place &
  (
    | { readonly kind: 'name'; readonly segments: readonly string[] }
    /** A name of one part that the language has for itself, in lower case. */
    | { readonly kind: 'keyword'; readonly word: string }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'symbol'; readonly symbol: string }
    | { readonly kind: 'end' }
  );

const keywords = new Set([
  ...['and', 'or', 'not', 'in', 'like', 'ilike', 'is', 'null', 'between', 'true', 'false', 'asc', 'desc'],
]);

const patterns = {
  space: /\s*/uy,
  name: /[\p{L}_][\p{L}\p{M}\p{N}_-]*/uy,
  /** Behind a dot: keys may begin with a digit. */
  segment: /[\p{L}\p{N}_][\p{L}\p{M}\p{N}_-]*/uy,
  quotedSegment: /"(?:[^"]|"")*"|`(?:[^`]|``)*`/uy,
  number: /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy,
  afterNumber: /[\p{L}\p{N}_.]/uy,
  symbol: /<=|>=|!=|[=<>(),]/uy,
  plain: /[^"'\\]+/uy,
  escape: /\\(?:(["'\\nrt])|u([0-9a-fA-F]{4}))/uy,
};

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** The tokens of a text, read as they are asked for, so that the first thing wrong is the first one told. */
export class Tokens {
  private current: Token;

  constructor(private readonly text: string) {
    this.current = this.scan(0);
  }

  /** The next token. */
  get next(): Token {
    return this.current;
  }

  /** Goes on; gives the token that was next. */
  take(): Token {
    const taken = this.current;
    if (taken.kind !== 'end') this.current = this.scan(taken.to);
    return taken;
  }

  takeKeyword(word: string): boolean {
    return this.takeIf(this.current.kind === 'keyword' && this.current.word === word);
  }

  takeSymbol(symbol: string): boolean {
    return this.takeIf(this.current.kind === 'symbol' && this.current.symbol === symbol);
  }

  /** Where a token cannot stand. */
  unexpected(expected: string, token: Token = this.current): Unreadable {
    return new Unreadable(token.from, expected, this.textOf(token));
  }

  private takeIf(condition: boolean): boolean {
    if (condition) this.take();
    return condition;
  }

  private textOf({ kind, from, to }: Token): string {
    return kind === 'end' ? 'the end' : this.text.slice(from, to);
  }

  private scan(at: number): Token {
    const from = at + this.match('space', at)!.length;
    if (from === this.text.length) return { kind: 'end', from, to: from };
    const symbol = this.match('symbol', from);
    if (symbol !== undefined) return { kind: 'symbol', symbol, from, to: from + symbol.length };
    const first = this.text[from]!;
    if (first === '"' || first === "'") return this.scanString(from, first);
    const name = this.match('name', from);
    if (name !== undefined) return this.scanName(from, name);
    const number = this.match('number', from);
    if (number !== undefined) return this.scanNumber(from, number);
    throw new Unreadable(from, 'a field, a value or an operator', this.characterAt(from));
  }

  private scanName(from: number, first: string): Token {
    const segments = [first];
    let to = from + first.length;
    while (this.text[to] === '.') {
      const quoted = this.match('quotedSegment', to + 1);
      const segment = quoted ?? this.match('segment', to + 1);
      if (segment === undefined || quoted?.length === 2)
        throw new Unreadable(to + 1, 'a name, in "…" or `…` where it is not one word', this.characterAt(to + 1));
      segments.push(quoted === undefined ? segment : unquoted(quoted));
      to += 1 + segment.length;
    }
    this.assertStorable(segments.join('.'), from, to);
    const word = first.toLowerCase();
    if (segments.length === 1 && keywords.has(word)) return { kind: 'keyword', word, from, to };
    return { kind: 'name', segments, from, to };
  }

  private scanNumber(from: number, number: string): Token {
    const to = from + number.length;
    const rest = this.match('afterNumber', to);
    if (rest !== undefined) throw new Unreadable(from, 'a number as JSON writes it', this.text.slice(from, to + 1));
    const value = Number(number);
    if (!Number.isFinite(value)) throw new Unreadable(from, 'a number of at most 1.7976931348623157e308', number);
    return { kind: 'number', value, from, to };
  }

  private scanString(from: number, quote: string): Token {
    let value = '';
    let at = from + 1;
    while (at < this.text.length) {
      const piece = this.stringPiece(at, quote);
      if (piece === undefined) {
        this.assertStorable(value, from, at + 1);
        return { kind: 'string', value, from, to: at + 1 };
      }
      value += piece.value;
      at += piece.length;
    }
    throw new Unreadable(from, `text that ends with ${quote}`, this.text.slice(from));
  }

  /** What stands at a place within a string; undefined at its closing quote. */
  private stringPiece(at: number, quote: string): { value: string; length: number } | undefined {
    const plain = this.match('plain', at);
    if (plain !== undefined) return { value: plain, length: plain.length };
    const character = this.text[at]!;
    if (character === '\\') return this.escapeAt(at);
    if (character !== quote) return { value: character, length: 1 };
    return this.text[at + 1] === quote ? { value: quote, length: 2 } : undefined;
  }

  private escapeAt(at: number): { value: string; length: number } {
    patterns.escape.lastIndex = at;
    const match = patterns.escape.exec(this.text);
    if (match === null)
      throw new Unreadable(at, String.raw`\\, \", \', \n, \r, \t or \uXXXX`, this.text.slice(at, at + 2));
    const [all, letter, hexadecimal] = match;
    if (letter === undefined) return { value: String.fromCharCode(parseInt(hexadecimal!, 16)), length: all.length };
    return { value: escapes[letter] ?? letter, length: all.length };
  }

  private assertStorable(value: string, from: number, to: number): void {
    if (isStorable(value)) return;
    throw new Unreadable(from, 'text without U+0000 and without half a surrogate pair', this.text.slice(from, to));
  }

  private match(pattern: keyof typeof patterns, at: number): string | undefined {
    patterns[pattern].lastIndex = at;
    return patterns[pattern].exec(this.text)?.[0];
  }

  private characterAt(at: number): string {
    const character = this.text.codePointAt(at);
    return character === undefined ? 'the end' : String.fromCodePoint(character);
  }
}

function unquoted(segment: string): string {
  const quote = segment[0]!;
  return segment.slice(1, -1).replaceAll(quote + quote, quote);
}
