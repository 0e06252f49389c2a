/** What was changed, and how often: `Identity removed` → 3. */
export class Rewrites {
  readonly #counts = new Map<string, number>();

  add(rewrite: string, times = 1): void {
    if (times > 0) this.#counts.set(rewrite, (this.#counts.get(rewrite) ?? 0) + times);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, times) => sum + times, 0);
  }

  /** In the order of the names, so that equal work is told equally. */
  asRecord(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)));
  }
}
