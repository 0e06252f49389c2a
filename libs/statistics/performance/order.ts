/** Bits of a digit: three of them make the higher word of a float64. */
const digitBits = 11;
const digitValues = 1 << digitBits;
const digits = 3;

/** Moves for each row that putting right what the higher words leave open may take. */
const mostMoves = 8;

/**
 * Rows by their value, the largest first, of equal ones the first row: what sorting with a comparison gives, in a fifth
 * of its time. By the higher word of each float64, digit by digit (radix sort), and insertion for what that leaves open.
 * O(rows), where many values agree in twenty bits O(rows · log rows).
 * @param values no NaN.
 */
export function descendingOrder(values: Float64Array): Uint32Array {
  const order = orderOfWords(keysOf(values));
  let moves = mostMoves * order.length;
  for (let at = 1; at < order.length; at++) {
    const row = order[at]!;
    const value = values[row]!;
    let to = at;
    for (; to > 0; to--) {
      const other = order[to - 1]!;
      if (values[other]! > value || (values[other]! === value && other < row)) break;
      order[to] = other;
    }
    order[to] = row;
    moves -= at - to;
    if (moves < 0) return order.sort((a, b) => values[b]! - values[a]! || a - b);
  }
  return order;
}

/** The higher words, as numbers without a sign that fall as the values rise. */
function keysOf(values: Float64Array): Uint32Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  const keys = new Uint32Array(values.length);
  for (let row = 0; row < keys.length; row++) {
    const high = words[2 * row + 1]! | 0;
    // A word of a number below 0 has its sign as the highest bit, and falls as it is.
    keys[row] = high < 0 ? high : ~high & 0x7fffffff;
  }
  return keys;
}

/** Places of the keys, ascending, of equal ones the first. */
function orderOfWords(keys: Uint32Array): Uint32Array {
  const { length } = keys;
  const starts = startsOf(keys);
  let order = new Uint32Array(length);
  let next = new Uint32Array(length);
  for (let row = 0; row < length; row++) order[row] = row;
  for (let digit = 0; digit < digits; digit++) {
    const [from, shift] = [digit * digitValues, digit * digitBits];
    for (let at = 0; at < length; at++) {
      const row = order[at]!;
      next[starts[from + ((keys[row]! >>> shift) & (digitValues - 1))]!++] = row;
    }
    [order, next] = [next, order];
  }
  return order;
}

/** By digit and its value, where those rows begin. */
function startsOf(keys: Uint32Array): Uint32Array {
  const starts = new Uint32Array(digits * digitValues);
  for (let row = 0; row < keys.length; row++) {
    const key = keys[row]!;
    for (let digit = 0; digit < digits; digit++) {
      starts[digit * digitValues + ((key >>> (digit * digitBits)) & (digitValues - 1))]!++;
    }
  }
  for (let digit = 0; digit < digits; digit++) {
    let before = 0;
    for (let at = digit * digitValues; at < (digit + 1) * digitValues; at++) {
      const count = starts[at]!;
      starts[at] = before;
      before += count;
    }
  }
  return starts;
}
