import { endOf } from './flight-end.js';
import type { Flights } from './flights.js';

/** What a caller of the model does next: asks for flights that depart, or tells of those that have landed. */
export interface ReplayTurn {
  readonly kind: 'predict' | 'observe';
  /** Places in the sample, in order of departure or of landing. */
  readonly places: Int32Array;
}

/**
 * The flights of a sample in time order: a batch is asked for, then what has landed by its last departure is told, so that
 * nothing is told before it was asked for, or before it has landed. What lands after the last departure comes at the end.
 * @param sampled rows in order of departure
 * @param batch flights of one turn at most
 */
export function* replay(flights: Flights, sampled: Int32Array, batch: number): Generator<ReplayTurn> {
  const ends = Float64Array.from(sampled, (row) => endOf(flights, row));
  const byEnd = Int32Array.from(sampled.keys()).sort((a, b) => ends[a]! - ends[b]! || a - b);
  let told = 0;
  function* tellUntil(now: number): Generator<ReplayTurn> {
    while (told < byEnd.length && ends[byEnd[told]!]! <= now) {
      const from = told;
      while (told < byEnd.length && told - from < batch && ends[byEnd[told]!]! <= now) told++;
      yield { kind: 'observe', places: byEnd.slice(from, told) };
    }
  }
  for (let from = 0; from < sampled.length; from += batch) {
    const until = Math.min(sampled.length, from + batch);
    yield { kind: 'predict', places: Int32Array.from({ length: until - from }, (_, at) => from + at) };
    // The next batch may begin in the same minute: what departs later than this one lands later too.
    yield* tellUntil(flights.departed[sampled[until - 1]!]!);
  }
  yield* tellUntil(Number.POSITIVE_INFINITY);
}
