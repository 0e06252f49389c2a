/** An instant at which something is to be done for one thing of one owner. */
export interface Due {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly owner: string;
  readonly name: string;
  /** Tells one setting of the same name from another. */
  readonly setSeq: number;
}

/**
 * Due times in a binary heap. What is set again or taken back stays in the heap until it comes up or the heap is mostly
 * made of such entries; `current` says what counts.
 */
export class DueTimes {
  private heap: Due[] = [];
  private readonly current = new Map<string, Map<string, Due>>();
  private size = 0;

  /** What an owner has set now, all of it. What is known already, taken or not, stays as it is. */
  replace(owner: string, wanted: readonly Due[]): void {
    const known = this.current.get(owner) ?? new Map<string, Due>();
    const next = new Map<string, Due>();
    for (const due of wanted) {
      const before = known.get(due.name);
      if (before?.setSeq === due.setSeq) next.set(due.name, before);
      else {
        next.set(due.name, due);
        this.push(due);
      }
    }
    this.size += next.size - known.size;
    if (next.size === 0) this.current.delete(owner);
    else this.current.set(owner, next);
    if (this.heap.length > 2 * this.size + 64) this.rebuild();
  }

  /** The earliest instant that counts; undefined where nothing is set. */
  next(): number | undefined {
    for (let top = this.heap[0]; top !== undefined; top = this.heap[0]) {
      if (this.counts(top)) return top.at;
      this.pop();
    }
    return undefined;
  }

  /** Takes out what is due at an instant, in order. It stays known: `replace` does not bring it back, `putBack` does. */
  take(now: number): Due[] {
    const due: Due[] = [];
    for (let at = this.next(); at !== undefined && at <= now; at = this.next()) due.push(this.pop()!);
    return due;
  }

  /** What was taken and is to come up (again) at an instant, unless its owner has set it anew meanwhile. */
  putBack(due: Due, at: number): void {
    if (!this.counts(due)) return;
    const later = { ...due, at };
    this.current.get(due.owner)!.set(due.name, later);
    this.push(later);
  }

  private counts(due: Due): boolean {
    return this.current.get(due.owner)?.get(due.name) === due;
  }

  private rebuild(): void {
    const live = this.heap.filter((due) => this.counts(due));
    this.heap = [];
    for (const due of live) this.push(due);
  }

  private push(due: Due): void {
    const { heap } = this;
    let place = heap.push(due) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (heap[parent]!.at <= due.at) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = due;
  }

  private pop(): Due | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= last.at) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return top;
  }
}
