import { messageOf } from '#libs/kernel/index.js';
import { Refused } from '../refusal.js';
import { nextColumn } from './arrow/column-values.js';
import { messages, type Message } from './arrow/messages.js';
import { RecordBatch } from './arrow/record-batch.js';
import { fieldsOf, type ArrowField } from './arrow/schema.js';
import type { CellSink, OpenColumn } from './cell-sink.js';
import { mostRows } from './limits.js';
import { ColumnNames } from './names.js';
import { tellValue } from './tell-value.js';

/** Values that one message adds to a dictionary; they are held in memory. */
const largestDictionary = 2 ** 26;

/**
 * Arrow IPC, as a stream or a file (Feather 2), of plain values: numbers, booleans, dates and instants, UTF-8, and
 * dictionaries of them; buffers as they are, or compressed with LZ4 or ZSTD. One record batch is held in memory at a time,
 * beside dictionaries. Every length is checked before it is believed.
 * @returns how many rows there are.
 * @throws Refused
 */
export async function readArrow(chunks: AsyncIterable<Uint8Array>, open: OpenColumn): Promise<number> {
  const table = new ArrowTable(open);
  try {
    for await (const message of messages(chunks)) table.take(message);
    return table.end();
  } catch (thrown) {
    if (thrown instanceof Refused) throw thrown;
    if (!isOutOfRange(thrown)) throw thrown;
    throw new Refused('malformed', null, `this is not Arrow that can be read: ${messageOf(thrown)}`);
  }
}

/** By its name: Node's own errors are no instances of a global that is another realm's. */
const isOutOfRange = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'name' in thrown && thrown.name === 'RangeError';

class ArrowTable {
  #fields: readonly ArrowField[] | null = null;
  #sinks: (CellSink | null)[] = [];
  readonly #dictionaries = new Map<number, unknown[]>();
  #rows = 0;

  constructor(private readonly open: OpenColumn) {}

  take({ kind, header, body }: Message): void {
    if (kind === 1) this.#schema(fieldsOf(header));
    else if (kind === 2) {
      const batch = header.table(1);
      if (batch === null) throw new RangeError('a dictionary without values');
      this.#dictionary(header.int64(0), new RecordBatch(batch, body), header.uint8(2) !== 0);
    } else if (kind === 3) this.#batch(new RecordBatch(header, body));
    else throw new RangeError(`a message of kind ${kind}`);
  }

  end(): number {
    this.#known();
    return this.#rows;
  }

  #schema(fields: readonly ArrowField[]): void {
    if (this.#fields !== null) throw new RangeError('a second schema');
    const names = new ColumnNames();
    for (const { name } of fields) names.add(name, null);
    this.#fields = fields;
    this.#sinks = fields.map(({ name }) => this.open(name));
  }

  #dictionary(id: number, batch: RecordBatch, isDelta: boolean): void {
    const type = this.#known().find(({ dictionary }) => dictionary?.id === id)?.type;
    if (type === undefined) throw new RangeError(`a dictionary ${id} that no column has`);
    if (batch.rows > largestDictionary)
      throw new Refused(
        'too_large',
        null,
        `a dictionary of ${batch.rows} values, expected at most ${largestDictionary}`,
      );
    const valueAt = nextColumn(batch, { type, dictionary: null }, this.#dictionaries);
    const values = Array.from({ length: batch.rows }, (_, row) => valueAt(row));
    this.#dictionaries.set(id, isDelta ? [...(this.#dictionaries.get(id) ?? []), ...values] : values);
  }

  #batch(batch: RecordBatch): void {
    if (this.#rows + batch.rows > mostRows)
      throw new Refused('too_large', null, `more than ${mostRows} rows, the most read here`);
    for (const [index, field] of this.#known().entries()) {
      const valueAt = nextColumn(batch, field, this.#dictionaries);
      const sink = this.#sinks[index];
      if (!sink) continue;
      for (let row = 0; row < batch.rows; row++) tellValue(sink, valueAt(row), field.name, this.#rows + row + 1);
    }
    this.#rows += batch.rows;
  }

  #known(): readonly ArrowField[] {
    if (this.#fields === null) throw new RangeError('there is no schema');
    return this.#fields;
  }
}
