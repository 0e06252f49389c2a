import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endOf, minute } from './flight-end.js';
import { featuresOf, punctualityOf } from './features.js';
import { firstFrom, flightsOf, FlightsUnfit, type Flights } from './flights.js';
import { recentDelays, recentMs } from './recent-delay.js';
import { replay } from './replay.js';
import { sample } from './sample.js';
import { trainingSet } from './training-set.js';

const january = Date.UTC(2001, 0, 1);

interface Flight {
  readonly at: number;
  readonly delay: number;
  readonly distance: number;
  readonly from: string;
}

const names = ['ATL', 'BOS', 'ORD'];

/** Flights to BOS, `at` in minutes of 2001. */
const flightsFrom = (given: readonly Flight[]): Flights => ({
  rows: given.length,
  departed: Float64Array.from(given, ({ at }) => january + at * minute),
  delay: Float64Array.from(given, ({ delay }) => delay),
  distance: Float64Array.from(given, ({ distance }) => distance),
  origin: { names, codes: Int32Array.from(given, ({ from }) => names.indexOf(from)) },
  destination: { names, codes: new Int32Array(given.length).fill(1) },
});

const anyFlights = fc
  .array(
    fc.record({
      at: fc.integer({ min: 0, max: 1500 }),
      delay: fc.integer({ min: -60, max: 300 }),
      distance: fc.integer({ min: 0, max: 3000 }),
      from: fc.constantFrom(...names),
    }),
    { maxLength: 60 },
  )
  .map((given) => flightsFrom(given.sort((a, b) => a.at - b.at)));

/** By its definition, flight by flight. */
function recentOf(flights: Flights, row: number): number {
  const now = flights.departed[row]!;
  const known = Array.from({ length: flights.rows }, (_, other) => other).filter(
    (other) =>
      flights.origin.codes[other] === flights.origin.codes[row] &&
      flights.departed[other]! >= now - recentMs &&
      endOf(flights, other) <= now,
  );
  return known.reduce((sum, other) => sum + flights.delay[other]!, 0) / known.length;
}

describe('recent delay', () => {
  it('is the mean of what had left the same origin lately and had landed', () => {
    fc.assert(
      fc.property(anyFlights, (flights) => {
        const expected = Array.from({ length: flights.rows }, (_, row) => recentOf(flights, row));
        expect([...recentDelays(flights)]).toEqual(expected);
      }),
    );
  });

  it('does not look ahead: delays of flights in the air at a departure change nothing', () => {
    fc.assert(
      fc.property(anyFlights, fc.nat(), fc.integer({ min: 1, max: 500 }), (flights, any, more) => {
        fc.pre(flights.rows > 0);
        const row = any % flights.rows;
        const changed: Flights = {
          ...flights,
          delay: flights.delay.map((delay, other) =>
            endOf(flights, other) > flights.departed[row]! ? delay + more : delay,
          ),
        };
        expect(recentDelays(changed)[row]).toBe(recentDelays(flights)[row]);
      }),
    );
  });
});

describe('features', () => {
  it('are those of the clock and the calendar', () => {
    const flights = flightsFrom([
      { at: 0, delay: 15, distance: 100, from: 'ATL' },
      { at: 60 * 24 * 6 + 60 * 23 + 59, delay: 14, distance: 100, from: 'ORD' },
    ]);
    const recent = Float64Array.of(Number.NaN, 4.125);
    // 2001 began on a Monday.
    expect(featuresOf(flights, recent, 0)).toEqual({
      ...{ hour: 0, weekday: 1, distance: 100, origin: 'ATL', destination: 'BOS', recent_delay: null },
    });
    expect(featuresOf(flights, recent, 1)).toMatchObject({ hour: 23, weekday: 7, origin: 'ORD', recent_delay: 4.13 });
    expect([punctualityOf(flights, 0), punctualityOf(flights, 1)]).toEqual(['late', 'on_time']);
    expect([...trainingSet(flights, recent, Int32Array.of(0, 1))].join('')).toBe(
      'hour,weekday,distance,origin,destination,recent_delay,punctuality\n' +
        '0,1,100,ATL,BOS,,late\n23,7,100,ORD,BOS,4.13,on_time\n',
    );
  });
});

describe('sampling', () => {
  it('takes every so many-th row, and with all seeds every row once', () => {
    expect([...sample(10, 30, 6, 8)]).toEqual([12, 18, 24]);
    expect([...sample(10, 10, 6, 0)]).toEqual([]);
    const all = Array.from({ length: 6 }, (_, seed) => [...sample(10, 30, 6, seed)]).flat();
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => 10 + at));
  });

  it('finds where a month begins', () => {
    const flights = flightsFrom([3, 5, 5, 9].map((at) => ({ at, delay: 0, distance: 1, from: 'ATL' })));
    expect([0, 5, 6, 10].map((at) => firstFrom(flights, january + at * minute))).toEqual([0, 1, 3, 4]);
  });
});

describe('replay', () => {
  it('asks for every flight once, in order, and tells of each once: after it was asked for and has landed', () => {
    fc.assert(
      fc.property(
        anyFlights,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        (flights, batch, every) => {
          const sampled = sample(0, flights.rows, every, 0);
          const asked: number[] = [];
          const told: number[] = [];
          let now = Number.NEGATIVE_INFINITY;
          for (const { kind, places } of replay(flights, sampled, batch)) {
            expect(places.length).toBeGreaterThan(0);
            expect(places.length).toBeLessThanOrEqual(batch);
            if (kind === 'predict') {
              asked.push(...places);
              now = flights.departed[sampled[places.at(-1)!]!]!;
              continue;
            }
            for (const place of places) {
              expect(asked).toContain(place);
              if (asked.length < sampled.length) expect(endOf(flights, sampled[place]!)).toBeLessThanOrEqual(now);
            }
            told.push(...places);
          }
          expect(asked).toEqual([...sampled.keys()]);
          expect(told).toEqual(
            [...sampled.keys()].sort((a, b) => endOf(flights, sampled[a]!) - endOf(flights, sampled[b]!) || a - b),
          );
        },
      ),
    );
  });
});

describe('flights of a table', () => {
  const columns = (date: number[], origin: number[]) => [
    { name: 'date', type: 'timestamp' as const, values: Float64Array.from(date) },
    { name: 'delay', type: 'integer' as const, values: new Float64Array(date.length) },
    { name: 'distance', type: 'integer' as const, values: new Float64Array(date.length) },
    { name: 'origin', type: 'category' as const, codes: Int32Array.from(origin), dictionary: names },
    { name: 'destination', type: 'category' as const, codes: new Int32Array(date.length), dictionary: names },
  ];

  it('are refused where they are out of order or a value is missing', () => {
    expect(flightsOf({ rows: 2, columns: columns([0, minute], [0, 2]) }).rows).toBe(2);
    const refused = (date: number[], origin: number[]) => () =>
      flightsOf({ rows: date.length, columns: columns(date, origin) });
    expect(refused([minute, 0], [0, 0])).toThrow(
      new FlightsUnfit('row 2: it departs before the row above, expected flights in order of departure'),
    );
    expect(refused([0, 0], [0, -1])).toThrow("row 2: 'origin' is missing, expected a value");
    expect(refused([0, Number.NaN], [0, 0])).toThrow("row 2: 'date' is missing, expected a value");
  });
});
