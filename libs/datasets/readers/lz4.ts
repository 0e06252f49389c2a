/**
 * An LZ4 frame of known length (LZ4 frame format 1.6): blocks may refer to those before. Checksums are passed over.
 * @throws RangeError for bytes that are none, or hold another number of bytes.
 */
export function lz4Frame(frame: Buffer, length: number): Uint8Array {
  if (frame.readUInt32LE(0) !== 0x184d2204) throw new RangeError('no LZ4 frame');
  const flags = frame.readUInt8(4);
  const [blockChecksums, contentSize, dictionary] = [flags & 16, flags & 8, flags & 1];
  let at = 7 + (contentSize === 0 ? 0 : 8) + (dictionary === 0 ? 0 : 4);
  const output = new Output(length);
  for (;;) {
    const size = frame.readUInt32LE(at);
    at += 4;
    if (size === 0) return output.whole();
    const plain = size >= 2 ** 31;
    const block = frame.subarray(at, at + (size % 2 ** 31));
    if (plain) output.copy(block, 0, block.length);
    else decodeBlock(block, output);
    at += (size % 2 ** 31) + (blockChecksums === 0 ? 0 : 4);
  }
}

/** One LZ4 block of known length. @throws RangeError as `lz4Frame`. */
export function lz4Block(block: Buffer, length: number): Uint8Array {
  const output = new Output(length);
  decodeBlock(block, output);
  return output.whole();
}

class Output {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
  }

  copy(from: Buffer, start: number, length: number): void {
    if (start + length > from.length) throw new RangeError('LZ4 literals beyond the end of their block');
    this.#room(length);
    this.#bytes.set(from.subarray(start, start + length), this.#length);
    this.#length += length;
  }

  /** Bytes from `back` before, which may overlap those that are made. */
  repeat(back: number, length: number): void {
    if (back === 0 || back > this.#length)
      throw new RangeError(`LZ4 refers ${back} bytes back, expected up to ${this.#length}`);
    this.#room(length);
    for (let i = 0; i < length; i++, this.#length++) this.#bytes[this.#length] = this.#bytes[this.#length - back]!;
  }

  whole(): Uint8Array {
    if (this.#length < this.#bytes.length)
      throw new RangeError(`${this.#length} bytes, expected ${this.#bytes.length}`);
    return this.#bytes;
  }

  #room(length: number): void {
    if (this.#length + length > this.#bytes.length) throw new RangeError(`more than ${this.#bytes.length} bytes`);
  }
}

/** Sequences of literals and a match; the last one has no match. */
function decodeBlock(block: Buffer, output: Output): void {
  let at = 0;
  /** Of 15 in the token, bytes follow that are added up until one is below 255. */
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (;;) {
      const more = block.readUInt8(at++);
      length += more;
      if (more < 255) return length;
    }
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = lengthFrom(token >>> 4);
    output.copy(block, at, literals);
    at += literals;
    if (at >= block.length) return;
    const back = block.readUInt16LE(at);
    at += 2;
    output.repeat(back, lengthFrom(token & 15) + 4);
  }
}
