/** At most so many are named. */
const mostNamed = 3;

/**
 * The known names that `name` may have been meant for, nearest first: those that differ in at most two letters or a third
 * of them, and those that it is a part of or holds, from three letters on. Capitals, `_` and `-` do not count.
 */
export function nearNames(name: string, known: readonly string[]): readonly string[] {
  const plain = plainOf(name);
  return known
    .map((candidate) => ({ candidate, distance: distanceOf(plain, plainOf(candidate)) }))
    .filter(({ distance }) => distance < plain.length && distance <= Math.max(2, plain.length / 3))
    .sort((one, other) => one.distance - other.distance)
    .slice(0, mostNamed)
    .map(({ candidate }) => candidate);
}

const plainOf = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '');

function distanceOf(one: string, other: string): number {
  const contained =
    one !== other && Math.min(one.length, other.length) >= 3 && (one.includes(other) || other.includes(one));
  return contained ? 1 : editDistance(one, other);
}

/** Letters to insert, leave out, exchange, or swap with their neighbour (optimal string alignment). */
function editDistance(one: string, other: string): number {
  let twoBefore: number[] = [];
  let before = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const changed = one[row - 1] === other[column - 1] ? 0 : 1;
      let least = Math.min(before[column]! + 1, current[column - 1]! + 1, before[column - 1]! + changed);
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) least = Math.min(least, twoBefore[column - 2]! + 1);
      current.push(least);
    }
    twoBefore = before;
    before = current;
  }
  return before[other.length]!;
}
