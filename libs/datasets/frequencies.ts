export interface Frequency {
  readonly value: string;
  readonly count: number;
}

/** How many different values there are, and the most frequent ones, the first in byte order (UTF-8) among equals. */
export function frequenciesOf(
  values: Iterable<number | string>,
  most: number,
): { readonly distinct: number; readonly top: Frequency[] } {
  const counts = new Map<number | string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const texts = function* (): Generator<readonly [() => string, number]> {
    for (const [value, count] of counts) yield [() => String(value), count];
  };
  return { distinct: counts.size, top: frequenciesIn(texts(), most) };
}

/** The most frequent of different values, each given as its text and count; in order as above. */
export function frequenciesIn(values: Iterable<readonly [() => string, number]>, most: number): Frequency[] {
  const top: Frequency[] = [];
  for (const [textOf, count] of values) {
    const last = top[most - 1];
    // Most values of an identifier end here: their text is not even made.
    if (last !== undefined && count < last.count) continue;
    insert(top, { value: textOf(), count });
    if (top.length > most) top.pop();
  }
  return top;
}

function insert(top: Frequency[], one: Frequency): void {
  let at = top.length;
  while (at > 0 && inOrder(one, top[at - 1]!) < 0) at--;
  top.splice(at, 0, one);
}

const inOrder = (a: Frequency, b: Frequency): number => b.count - a.count || inByteOrder(a.value, b.value);

/** Byte order of UTF-8 is the order of code points, which that of UTF-16 code units is not. */
function inByteOrder(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return a.codePointAt(i)! - b.codePointAt(i)!;
  }
  return a.length - b.length;
}
