import { Refused } from '../../refusal.js';
import { FlatTable } from './flat-table.js';

/** Bytes of the description of one message, and of its body. */
const [largestHeader, largestBody] = [2 ** 26, 2 ** 31 - 1];

export interface Message {
  /** 1 a schema · 2 a dictionary · 3 a record batch. */
  readonly kind: number;
  readonly header: FlatTable;
  readonly body: Buffer;
}

/** The messages of an IPC stream, or of a file, which holds a stream behind eight bytes. One of them is held at a time. */
export async function* messages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Message> {
  const bytes = new Pieces(chunks);
  let first = await bytes.take(4);
  if (first?.toString('latin1') === 'ARRO') {
    const rest = await bytes.take(4);
    if (rest?.toString('latin1', 0, 2) !== 'W1') throw new RangeError('no Arrow file');
    first = await bytes.take(4);
  }
  for (; first !== null; first = await bytes.take(4)) {
    // Until 0.15, a message had no marker before its length.
    const marked = first.readInt32LE(0) === -1;
    const length = marked ? (await whole(bytes, 4)).readInt32LE(0) : first.readInt32LE(0);
    if (length === 0) break;
    if (!(length > 0 && length <= largestHeader)) throw new RangeError(`a message with a header of ${length} bytes`);
    const message = FlatTable.root(await whole(bytes, length));
    const header = message.table(2);
    const bodyLength = message.int64(3);
    if (header === null) throw new RangeError('a message without a header');
    if (bodyLength > largestBody)
      throw new Refused('too_large', null, `a message of ${bodyLength} bytes, expected at most ${largestBody}`);
    yield { kind: message.uint8(1), header, body: await whole(bytes, bodyLength) };
  }
  await bytes.drain();
}

async function whole(bytes: Pieces, length: number): Promise<Buffer> {
  const taken = await bytes.take(length);
  if (taken === null) throw new RangeError(`it ends before a message of ${length} bytes does`);
  return taken;
}

/** Bytes of a stream in pieces of given lengths. What a message claims is not allocated before it has come. */
class Pieces {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer[] = [];
  #length = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** null: there are fewer. */
  async take(length: number): Promise<Buffer | null> {
    if (!(length >= 0)) throw new RangeError(`a length of ${length}`);
    while (this.#length < length) {
      const next = await this.#chunks.next();
      if (next.done === true) return null;
      this.#held.push(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength));
      this.#length += next.value.byteLength;
    }
    const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#held = [all.subarray(length)];
    this.#length = all.length - length;
    return all.subarray(0, length);
  }

  /** To the end, so that a digest covers all bytes. */
  async drain(): Promise<void> {
    while ((await this.#chunks.next()).done !== true);
  }
}
