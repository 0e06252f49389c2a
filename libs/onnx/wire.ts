import protobuf from 'protobufjs/minimal.js';

/** Bytes that break the protobuf wire format; `message` says where. */
export class MalformedMessage extends Error {
  constructor(
    message: string,
    /** A field announced more bytes than there are. */
    readonly truncated = false,
  ) {
    super(message);
    this.name = 'MalformedMessage';
  }
}

export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Reads a protobuf message field by field, in the order of the bytes; nothing is copied. `onField` reads the value or
 * leaves it: what it leaves is skipped, so that fields this program does not know do no harm. About 30 ns a field: the
 * lists of a large forest have millions.
 * @throws MalformedMessage naming `message` and the offset.
 */
export function readMessage(
  bytes: Uint8Array,
  message: string,
  onField: (number: number, value: FieldValue) => void,
): void {
  const value = new FieldValue(bytes, message);
  while (value.next()) {
    onField(value.number, value);
    value.finish();
  }
}

/** The field being read. One of its reading methods may be called, once. */
export class FieldValue {
  /** Field number. */
  number = 0;
  /** Offset of the field's first byte. */
  start = 0;
  readonly #reader: protobuf.Reader;
  readonly #message: string;
  #type = 0;
  #read = false;

  constructor(bytes: Uint8Array, message: string) {
    // A Buffer's reader would hand out Buffers; a plain view keeps one kind of bytes everywhere.
    this.#reader = protobuf.Reader.create(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    this.#message = message;
  }

  /** Offset behind what has been read. */
  get position(): number {
    return this.#reader.pos;
  }

  next(): boolean {
    const reader = this.#reader;
    if (reader.pos >= reader.len) return false;
    this.start = reader.pos;
    this.#read = false;
    let tag: number;
    try {
      tag = reader.uint32();
    } catch (thrown) {
      throw this.#malformed('tag', thrown);
    }
    this.number = tag >>> 3;
    this.#type = tag & 7;
    if (this.number === 0) throw new MalformedMessage(`${this.#message}: field number 0 at byte ${this.start}`);
    return true;
  }

  finish(): void {
    if (!this.#read) this.skip();
  }

  skip(): void {
    this.#read = true;
    try {
      this.#reader.skipType(this.#type, 0, this.number);
    } catch (thrown) {
      throw this.#malformed('value', thrown);
    }
  }

  /** Leaves the rest of the message unread. */
  stop(): void {
    this.#read = true;
    this.#reader.pos = this.#reader.len;
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    this.#expect(wireType.bytes);
    try {
      return this.#reader.bytes();
    } catch (thrown) {
      throw this.#malformed('value', thrown);
    }
  }

  string(): string {
    return utf8.decode(this.bytes());
  }

  /** Exact up to 2^53 either way. */
  integer(): number {
    this.#expect(wireType.varint);
    try {
      return numberOf(this.#reader.int64());
    } catch (thrown) {
      throw this.#malformed('integer', thrown);
    }
  }

  float(): number {
    this.#expect(wireType.fixed32);
    try {
      return this.#reader.float();
    } catch (thrown) {
      throw this.#malformed('float', thrown);
    }
  }

  /** One integer, or a packed list of them, at the end of `into`. */
  integersInto(into: number[]): void {
    if (this.#type !== wireType.bytes) into.push(this.integer());
    else this.#packedInto(into, (reader) => numberOf(reader.int64()));
  }

  /** How many numbers of 32 bits: one, or a packed list of them. */
  countFloats(): number {
    if (this.#type === wireType.bytes) return this.bytes().length / Float32Array.BYTES_PER_ELEMENT;
    this.float();
    return 1;
  }

  /**
   * One number of 32 bits, or a packed list of them, from element `at` of `into` on; gives the position behind them.
   * @throws MalformedMessage when there is no room.
   */
  floatsInto(into: Float32Array, at: number): number {
    if (this.#type !== wireType.bytes) {
      if (at >= into.length) throw this.#tooMany(into.length);
      into[at] = this.float();
      return at + 1;
    }
    const packed = this.bytes();
    const count = packed.length / Float32Array.BYTES_PER_ELEMENT;
    if (at + count > into.length || !Number.isInteger(count)) throw this.#tooMany(into.length);
    const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
    for (let index = 0; index < count; index++) into[at + index] = view.getFloat32(4 * index, true);
    return at + count;
  }

  #tooMany(room: number): MalformedMessage {
    return new MalformedMessage(`${this.#message}, field ${this.number}: expected ${room} numbers of 32 bits`);
  }

  #packedInto(into: number[], element: (reader: protobuf.Reader) => number): void {
    const reader = protobuf.Reader.create(this.bytes());
    try {
      while (reader.pos < reader.len) into.push(element(reader));
    } catch (thrown) {
      throw this.#malformed('packed list', thrown);
    }
  }

  #expect(type: number): void {
    this.#read = true;
    if (this.#type === type) return;
    throw new MalformedMessage(`${this.#message}, field ${this.number}: wire type ${this.#type}, expected ${type}`);
  }

  /** protobufjs throws a RangeError where the bytes end, an Error where they make no sense. */
  #malformed(what: string, thrown: unknown): unknown {
    if (!(thrown instanceof Error)) return thrown;
    const truncated = thrown.name === 'RangeError';
    const reason = truncated ? `the bytes end within its ${what}` : `bad ${what}`;
    const where = `${this.#message}, field ${this.number} at byte ${this.start} of ${this.#reader.len}`;
    return new MalformedMessage(`${where}: ${reason}`, truncated);
  }
}

const utf8 = new TextDecoder();

/** Exact up to 2^53. protobufjs gives 64-bit integers as two halves, the low one signed. */
const numberOf = ({ low, high }: protobuf.Long): number => high * 0x1_0000_0000 + (low >>> 0);
