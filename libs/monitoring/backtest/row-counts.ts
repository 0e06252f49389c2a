import { noneSeen, see, type Chunk, type SeenCounters, type TrafficPosition } from '#libs/contracts/index.js';
import { countBefore, countOf, versionRows, type VersionRows } from '../rows/version-rows.js';

/** Rows of each version so far, as windows count them: a chunk that is stored twice counts once. */
export class RowCounts {
  readonly #writers = new Map<string, SeenCounters>();
  readonly #counts = new Map<string, number>();
  #last: { readonly seq: number; readonly rows: readonly VersionRows[] } | null = null;

  /** The next chunk. @returns the rows that count */
  take(chunk: Chunk, seq: number): number {
    const { epoch } = chunk.schema;
    const { fresh, seen } = see(this.#writers.get(epoch) ?? noneSeen, chunk.counter, chunk.givenUp);
    this.#writers.set(epoch, seen);
    if (!fresh) return 0;
    const rows = versionRows(chunk);
    for (const each of rows) this.#counts.set(keyOf(each), this.of(each) + countOf(each.rows));
    this.#last = { seq, rows };
    return chunk.served + chunk.failed + chunk.refused;
  }

  of(version: Named): number {
    return this.#counts.get(keyOf(version)) ?? 0;
  }

  /** Rows of the version up to and with a row of the newest chunk; any other row is taken for the last one so far. */
  through(version: Named, { seq, row }: TrafficPosition): number {
    const found = this.#last?.seq === seq ? this.#last.rows.find((each) => keyOf(each) === keyOf(version)) : undefined;
    if (found === undefined) return this.of(version);
    return this.of(version) - countOf(found.rows) + countBefore(found.rows, row + 1);
  }
}

interface Named {
  readonly model: string;
  readonly version: string;
}

const keyOf = ({ model, version }: Named): string => `${model}@${version}`;
