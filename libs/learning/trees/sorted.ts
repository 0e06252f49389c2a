/** Sorts numbers, among which is no NaN: least significant digit first, of 11 bits each (Knuth, 5.2.5). */
export function sortNumbers(values: Float32Array): void {
  const keys = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const other = new Uint32Array(keys.length);
  const counts = new Uint32Array(digits * digitValues);
  for (let at = 0; at < keys.length; at++) {
    const key = ordered(keys[at]!);
    keys[at] = key;
    for (let digit = 0; digit < digits; digit++) counts[digit * digitValues + digitOf(key, digit)]!++;
  }
  pass(keys, other, counts, 0);
  pass(other, keys, counts, 1);
  pass(keys, other, counts, 2);
  for (let at = 0; at < keys.length; at++) keys[at] = disordered(other[at]!);
}

const digits = 3;
const digitBits = 11;
const digitValues = 2 ** digitBits;

const digitOf = (key: number, digit: number): number => (key >>> (digitBits * digit)) & (digitValues - 1);

function pass(from: Uint32Array, to: Uint32Array, counts: Uint32Array, digit: number): void {
  const places = new Uint32Array(digitValues);
  for (let value = 0, before = 0; value < digitValues; value++) {
    places[value] = before;
    before += counts[digit * digitValues + value]!;
  }
  for (let at = 0; at < from.length; at++) {
    const key = from[at]!;
    const value = digitOf(key, digit);
    const place = places[value]!;
    places[value] = place + 1;
    to[place] = key;
  }
}

/** Bits of a float32 to a whole number in the same order: of negative ones all bits are turned, else the sign. */
const ordered = (bits: number): number => (bits ^ ((bits >> 31) | 0x80000000)) >>> 0;
const disordered = (key: number): number => (key ^ ((~key >> 31) | 0x80000000)) >>> 0;
