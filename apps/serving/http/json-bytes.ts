/** JSON text as UTF-8 bytes, written from front to back into one buffer that grows. */
export class JsonBytes {
  #bytes: Buffer;
  #end = 0;

  constructor(likelyBytes: number) {
    this.#bytes = Buffer.allocUnsafe(likelyBytes);
  }

  /** A short text of ASCII characters alone: one native call costs more than all of them. */
  ascii(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    const from = this.#end;
    for (let at = 0; at < text.length; at++) bytes[from + at] = text.charCodeAt(at);
    this.#end = from + text.length;
  }

  /** What has been encoded before, and is short. */
  bytes(piece: Uint8Array): void {
    this.#reserve(piece.length);
    const bytes = this.#bytes;
    const from = this.#end;
    for (let at = 0; at < piece.length; at++) bytes[from + at] = piece[at]!;
    this.#end = from + piece.length;
  }

  text(text: string): void {
    this.#reserve(mostUtf8 * text.length);
    this.#end += this.#bytes.write(text, this.#end, 'utf8');
  }

  /** All of it, where it stands. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  #reserve(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

/** Bytes of a UTF-16 code unit in UTF-8. */
const mostUtf8 = 3;
