/** Every so many-th of the rows from `first` until before `end`; which of them the seed says. */
export function sample(first: number, end: number, every: number, seed: number): Int32Array {
  const begin = first + (seed % every);
  const count = Math.max(0, Math.ceil((end - begin) / every));
  return Int32Array.from({ length: count }, (_, at) => begin + at * every);
}
