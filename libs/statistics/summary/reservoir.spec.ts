import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import { Reservoir, drawnRows, type ReservoirState } from './reservoir.js';

/** Row r is r in the first column, and −r in the second. */
function fill(reservoir: Reservoir, from: number, to: number, step: number): Reservoir {
  for (let row = from; row < to; row += step) {
    const block = Float64Array.from({ length: Math.min(step, to - row) }, (_, at) => row + at);
    reservoir.admit(block.length);
    reservoir.put(0, block);
    reservoir.put(
      1,
      block.map((value) => -value),
    );
  }
  return reservoir;
}

const drawn = (seed: number, rows: number, step: number, capacity = 5000) =>
  fill(new Reservoir({ columns: 2, seed, capacity }), 0, rows, step);

/** How far counts of events that are equally likely are from equal: chi-square of so many cells minus one. */
const chiSquare = (counts: Float64Array, expected: number) =>
  counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);

/** The normal approximation's quantile of 1 − 10⁻⁶. */
const bound = (degrees: number) => degrees + 4.75 * Math.sqrt(2 * degrees);

describe('a reservoir', () => {
  it('keeps all rows up to its capacity', () => {
    const reservoir = drawn(1, 5000, 700);
    expect(reservoir).toMatchObject({ seen: 5000, rows: 5000, sampled: false });
    expect(reservoir.column(0)).toEqual(Float64Array.from({ length: 5000 }, (_, row) => row));
  });

  it('keeps whole rows, the same ones however they are cut and wherever it was stored', () => {
    const atOnce = drawn(7, 30_000, 1000);
    expect(atOnce).toMatchObject({ seen: 30_000, rows: 5000, sampled: true });
    expect(new Set(atOnce.column(0)).size).toBe(5000);
    expect(atOnce.column(1)).toEqual(atOnce.column(0).map((value) => -value));
    expect(drawn(7, 30_000, 3).state()).toEqual(atOnce.state());
    const stored = deserialize(serialize(drawn(7, 4321, 99).state())) as ReservoirState;
    expect(fill(Reservoir.restore(stored), 4321, 30_000, 811).state()).toEqual(atOnce.state());
    expect(drawn(8, 30_000, 1000).column(0)).not.toEqual(atOnce.column(0));
  });

  it('keeps each row as likely, and each pair', () => {
    const [rows, capacity, seeds] = [60, 12, 2000];
    const kept = new Float64Array(rows);
    const pairs = new Float64Array(rows);
    for (let seed = 0; seed < seeds; seed++) {
      const sample = new Set(drawn(seed, rows, 7, capacity).column(0));
      for (const row of sample) {
        kept[row]!++;
        if (sample.has((row + 1) % rows)) pairs[row]!++;
      }
    }
    // Without replacement the variance is smaller by 1 − capacity / rows.
    expect(chiSquare(kept, (seeds * capacity) / rows)).toBeLessThan(bound(rows - 1));
    const together = (capacity * (capacity - 1)) / (rows * (rows - 1));
    expect(chiSquare(pairs, seeds * together)).toBeLessThan(bound(rows));
  });

  it('merges with each row as likely, and keeps rows after that so too', () => {
    const [capacity, seeds] = [12, 2000];
    const kept = new Float64Array(60);
    let whole = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const one = fill(new Reservoir({ columns: 2, seed, capacity }), 0, 30, 5);
      const other = fill(new Reservoir({ columns: 2, seed: seed + seeds, capacity }), 30, 40, 5);
      one.merge(other);
      fill(one, 40, 60, 3);
      const [rows, negated] = [one.column(0), one.column(1)];
      if (rows.every((row, at) => negated[at] === -row)) whole++;
      for (const row of rows) kept[row]!++;
    }
    expect(whole).toBe(seeds);
    expect(chiSquare(kept, (seeds * capacity) / 60)).toBeLessThan(bound(59));
  });

  it('merges whole what fits', () => {
    const one = drawn(1, 3000, 500);
    one.merge(fill(new Reservoir({ columns: 2, seed: 2 }), 3000, 5000, 500));
    expect(one.column(0)).toEqual(Float64Array.from({ length: 5000 }, (_, row) => row));
    expect(one.sampled).toBe(false);
    one.merge(new Reservoir({ columns: 2, seed: 3 }));
    expect(one).toMatchObject({ seen: 5000, rows: 5000 });
    one.merge(drawn(4, 9000, 900));
    expect(one).toMatchObject({ seen: 14_000, rows: 5000, sampled: true });
  });

  it('of 30 columns is 1.2 MB at any number of rows', () => {
    const reservoir = new Reservoir({ columns: 30, seed: 1 });
    for (let block = 0; block < 50; block++) {
      reservoir.admit(1000);
      for (let column = 0; column < 30; column++) reservoir.put(column, new Float64Array(1000).fill(block));
    }
    expect(serialize(reservoir.state()).length).toBeLessThan(1_210_000);
  });

  it.each<[string, () => void, string]>([
    [
      'no room',
      () => new Reservoir({ columns: 1, seed: 1, capacity: 0 }),
      'capacity: expected a whole number of at least 1, got 0',
    ],
    [
      'another capacity',
      () => {
        new Reservoir({ columns: 1, seed: 1 }).merge(new Reservoir({ columns: 1, seed: 1, capacity: 9 }));
      },
      'reservoir: expected 1 columns of at most 5000 rows, got 1 of 9',
    ],
    [
      'a column that is too short',
      () => Reservoir.restore({ version: 1, seed: 1, capacity: 9, seen: 20, columns: [new Float64Array(8)] }),
      'reservoir.columns[0]: expected 9 rows, got 8',
    ],
    [
      'a state of another version',
      () => Reservoir.restore({ ...new Reservoir({ columns: 1, seed: 1 }).state(), version: 2 as 1 }),
      'reservoir.version: expected 1, got 2',
    ],
    [
      'a count of rows that is none',
      () => Reservoir.restore({ ...new Reservoir({ columns: 0, seed: 1 }).state(), seen: -1 }),
      'reservoir.seen: expected a whole number of at least 0, got -1',
    ],
  ])('refuses %s', (_, act, message) => {
    expect(act).toThrow(new RangeError(message));
  });
});

describe('drawn rows', () => {
  it('are ascending, and all of them where they fit', () => {
    expect(drawnRows(4, 9, 1)).toEqual(Int32Array.of(0, 1, 2, 3));
    expect(drawnRows(4, 0, 1)).toHaveLength(0);
    const some = drawnRows(1000, 100, 1);
    expect(new Set(some).size).toBe(100);
    expect(some).toEqual(some.slice().sort());
    // Findings name their rows by the seed alone: these are never to change.
    expect(Array.from(drawnRows(1000, 5, 7))).toEqual([82, 680, 689, 792, 906]);
  });
});
