import type { TrafficPosition } from '#libs/contracts/index.js';
import { sha256Hex } from '#libs/kernel/index.js';

/** Which of several labels of one prediction counts: the largest, by these three in their order. */
export interface LabelRank {
  /** Milliseconds since the epoch. */
  readonly observedAt: number;
  readonly eventId: string;
  /** Row in the message. */
  readonly index: number;
}

/** What is kept of a labelled prediction. */
export interface LabelledRow {
  /** A number, or the code of a class. */
  readonly label: number;
  readonly predicted: number;
  readonly wrong: boolean;
  /** As many as the table is wide; NaN: the model told none. */
  readonly probabilities: ArrayLike<number>;
}

export interface LabelTableState {
  readonly width: number;
  /** TRAFFIC sequence that keys count from. */
  readonly base: number;
  readonly keys: Float64Array;
  readonly observed: Float64Array;
  /** Four words a row. */
  readonly ids: Uint32Array;
  readonly indices: Uint32Array;
  readonly labels: Float64Array;
  readonly predicted: Float64Array;
  readonly wrong: Uint8Array;
  readonly probabilities: Float32Array;
}

const firstRoom = 64;
/** A table grows by so much: what is not filled is memory, too. */
const growth = 1.25;

/** Rows of a chunk are fewer. */
export const rowsPerSeq = 2 ** 16;

/** Bytes of a row, its place in the index among them. */
export const bytesPerRow = (width: number): number => 8 + 8 + 16 + 4 + 8 + 8 + 1 + 16 + 4 * width;

/** The newest label of each prediction of a window, in columns. Finding one is O(1). */
export class LabelTable {
  #size = 0;
  #base = 0;
  #keys = new Float64Array(0);
  #observed = new Float64Array(0);
  #ids = new Uint32Array(0);
  #indices = new Uint32Array(0);
  #labels = new Float64Array(0);
  #predicted = new Float64Array(0);
  #wrong = new Uint8Array(0);
  #probabilities = new Float32Array(0);
  /** Place of a row by its key, open addressing; 0 is free, else the row and 1. */
  #places = new Int32Array(1);

  /** @param width probabilities kept of a row, in single precision. */
  constructor(readonly width: number) {}

  static restore(state: LabelTableState): LabelTable {
    const table = new LabelTable(state.width);
    table.#size = state.keys.length;
    table.#base = state.base;
    if (table.#size > 0) table.#resize(Math.max(table.#size, firstRoom), state);
    return table;
  }

  get size(): number {
    return this.#size;
  }

  has(place: TrafficPosition): boolean {
    return this.#size > 0 && this.#places[this.#placeOf(this.#keyOf(place))] !== 0;
  }

  /** @returns false: a larger label of the prediction is there already, or this one is. */
  put(place: TrafficPosition, rank: LabelRank, row: LabelledRow): boolean {
    if (this.#size === 0) this.#base = place.seq;
    const key = this.#keyOf(place);
    let found = this.#placeOf(key);
    if (this.#places[found] === 0) {
      if (this.#size === this.#keys.length) {
        this.#resize(Math.max(Math.ceil(this.#size * growth), firstRoom), this.#columns());
        found = this.#placeOf(key);
      }
      this.#keys[this.#size] = key;
      this.#places[found] = ++this.#size;
    } else if (this.#compare(this.#places[found]! - 1, rank) >= 0) return false;
    this.#set(this.#places[found]! - 1, rank, row);
    return true;
  }

  /** Leaves out the predictions that are not between these, ends included, and of more than `most` the last ones. */
  keep(first: TrafficPosition, last: TrafficPosition, most: number): void {
    const [from, to] = [this.#keyOf(first), this.#keyOf(last)];
    const kept = this.#keys.subarray(0, this.#size).every((key) => key >= from && key <= to);
    if (kept && this.#size <= most) return;
    const within = this.order().filter((row) => this.#keys[row]! >= from && this.#keys[row]! <= to);
    const rows = within.subarray(0, most);
    const columns = this.#columns();
    this.#size = rows.length;
    this.#resize(Math.max(rows.length, firstRoom), {
      keys: Float64Array.from(rows, (row) => columns.keys[row]!),
      observed: Float64Array.from(rows, (row) => columns.observed[row]!),
      ids: Uint32Array.from({ length: 4 * rows.length }, (_, at) => columns.ids[4 * rows[at >> 2]! + (at & 3)]!),
      indices: Uint32Array.from(rows, (row) => columns.indices[row]!),
      labels: Float64Array.from(rows, (row) => columns.labels[row]!),
      predicted: Float64Array.from(rows, (row) => columns.predicted[row]!),
      wrong: Uint8Array.from(rows, (row) => columns.wrong[row]!),
      probabilities: Float32Array.from(
        { length: rows.length * this.width },
        (_, at) => columns.probabilities[rows[Math.floor(at / this.width)]! * this.width + (at % this.width)]!,
      ),
    });
  }

  /** Rows in the order of their predictions, whatever the order in which labels came. */
  order(): Uint32Array {
    const keys = this.#keys;
    const order = new Uint32Array(this.#size);
    let ascending = true;
    for (let row = 0; row < order.length; row++) {
      order[row] = row;
      ascending &&= row === 0 || keys[row - 1]! < keys[row]!;
    }
    return ascending ? order : order.sort((a, b) => keys[a]! - keys[b]!);
  }

  label(row: number): number {
    return this.#labels[row]!;
  }

  predicted(row: number): number {
    return this.#predicted[row]!;
  }

  wrong(row: number): boolean {
    return this.#wrong[row] === 1;
  }

  probability(row: number, index: number): number {
    return this.#probabilities[row * this.width + index]!;
  }

  state(): LabelTableState {
    const [size, columns] = [this.#size, this.#columns()];
    return {
      width: this.width,
      base: this.#base,
      keys: columns.keys.slice(0, size),
      observed: columns.observed.slice(0, size),
      ids: columns.ids.slice(0, 4 * size),
      indices: columns.indices.slice(0, size),
      labels: columns.labels.slice(0, size),
      predicted: columns.predicted.slice(0, size),
      wrong: columns.wrong.slice(0, size),
      probabilities: columns.probabilities.slice(0, size * this.width),
    };
  }

  #columns(): Omit<LabelTableState, 'width' | 'base'> {
    return {
      ...{ keys: this.#keys, observed: this.#observed, ids: this.#ids, indices: this.#indices },
      ...{ labels: this.#labels, predicted: this.#predicted, wrong: this.#wrong, probabilities: this.#probabilities },
    };
  }

  #resize(room: number, from: Omit<LabelTableState, 'width' | 'base'>): void {
    this.#keys = floats(room, from.keys);
    this.#observed = floats(room, from.observed);
    this.#ids = words(4 * room, from.ids);
    this.#indices = words(room, from.indices);
    this.#labels = floats(room, from.labels);
    this.#predicted = floats(room, from.predicted);
    this.#wrong = new Uint8Array(room);
    this.#wrong.set(from.wrong);
    this.#probabilities = new Float32Array(room * this.width);
    this.#probabilities.set(from.probabilities);
    this.#places = new Int32Array(2 ** Math.ceil(Math.log2(2 * room)));
    for (let row = 0; row < this.#size; row++) this.#places[this.#placeOf(this.#keys[row]!)] = row + 1;
  }

  #set(row: number, { observedAt, eventId, index }: LabelRank, labelled: LabelledRow): void {
    this.#observed[row] = observedAt;
    this.#ids.set(wordsOf(eventId), 4 * row);
    this.#indices[row] = index;
    this.#labels[row] = labelled.label;
    this.#predicted[row] = labelled.predicted;
    this.#wrong[row] = Number(labelled.wrong);
    for (let at = 0; at < this.width; at++)
      this.#probabilities[row * this.width + at] = labelled.probabilities[at] ?? Number.NaN;
  }

  /** Above 0: the row's label is larger. */
  #compare(row: number, { observedAt, eventId, index }: LabelRank): number {
    if (this.#observed[row] !== observedAt) return this.#observed[row]! - observedAt;
    const id = wordsOf(eventId);
    for (let word = 0; word < 4; word++) {
      const own = this.#ids[4 * row + word]!;
      if (own !== id[word]!) return own - id[word]!;
    }
    return this.#indices[row]! - index;
  }

  #keyOf({ seq, row }: TrafficPosition): number {
    return (seq - this.#base) * rowsPerSeq + row;
  }

  /** Where the key is, or would be put. */
  #placeOf(key: number): number {
    const mask = this.#places.length - 1;
    const high = Math.floor(key / 2 ** 32) | 0;
    let place = Math.imul((key | 0) ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    place = (place ^ (place >>> 15)) & mask;
    for (; ; place = (place + 1) & mask) {
      const row = this.#places[place]!;
      if (row === 0 || this.#keys[row - 1] === key) return place;
    }
  }
}

function floats(room: number, from: Float64Array): Float64Array<ArrayBuffer> {
  const column = new Float64Array(room);
  column.set(from);
  return column;
}

function words(room: number, from: Uint32Array): Uint32Array<ArrayBuffer> {
  const column = new Uint32Array(room);
  column.set(from);
  return column;
}

type IdWords = readonly [number, number, number, number];

/** Labels of a message come one after another. */
let newest: { readonly id: string; readonly words: IdWords } = { id: '', words: [0, 0, 0, 0] };

/** 16 bytes in the order of the ids themselves: those of a UUID; of any other text a digest's, which has an order, too. */
function wordsOf(id: string): IdWords {
  if (newest.id === id) return newest.words;
  const digits = id.replaceAll('-', '');
  const bytes = Buffer.alloc(16);
  bytes.write(/^[0-9a-f]{32}$/.test(digits) ? digits : sha256Hex(id), 'hex');
  newest = { id, words: [0, 4, 8, 12].map((at) => bytes.readUInt32BE(at)) as [number, number, number, number] };
  return newest.words;
}
