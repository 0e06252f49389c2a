/**
 * A fold for each row, drawn with the seed: as many rows of each class in every fold as can be, and folds of about the
 * same size.
 * @param classes of the rows, from 0; null: rows are not told apart.
 */
export function foldsOf(rows: number, classes: Int32Array | null, folds: number, seed: number): Uint8Array {
  const order = shuffled(rows, seed);
  const dealt = classes === null ? order : byClass(order, classes);
  const fold = new Uint8Array(rows);
  for (let turn = 0; turn < rows; turn++) fold[dealt[turn]!] = turn % folds;
  return fold;
}

/** The rows of each class together, in the order given (counting sort). */
function byClass(order: Int32Array, classes: Int32Array): Int32Array {
  const most = classes.reduce((largest, each) => Math.max(largest, each), 0);
  const next = new Int32Array(most + 2);
  for (let row = 0; row < order.length; row++) next[classes[row]! + 1]!++;
  for (let each = 1; each < next.length; each++) next[each]! += next[each - 1]!;
  const sorted = new Int32Array(order.length);
  for (let at = 0; at < order.length; at++) sorted[next[classes[order[at]!]!]!++] = order[at]!;
  return sorted;
}

/** 0 to `count` − 1, every order as likely (Fisher and Yates). */
function shuffled(count: number, seed: number): Int32Array {
  const next = randomWords(seed);
  const order = new Int32Array(count).map((_, at) => at);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor((next() / 2 ** 32) * (last + 1));
    const row = order[last]!;
    order[last] = order[other]!;
    order[other] = row;
  }
  return order;
}

/** SplitMix (Steele, Lea, Flood 2014) in 32 bits: a Weyl sequence through the finaliser of MurmurHash3. */
function randomWords(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}
