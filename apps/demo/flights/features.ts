import { airportOf, type Flights } from './flights.js';

/** What is known of a flight at its departure. */
export interface FlightFeatures {
  /** 0 to 23, of the clock at the origin. */
  readonly hour: number;
  /** 1 to 7, Monday to Sunday. */
  readonly weekday: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
  /** Minutes; null: nothing has landed lately. */
  readonly recent_delay: number | null;
}

/** What is to be predicted: known when it has landed. */
export type Punctuality = 'late' | 'on_time';
export const lateFromMinutes = 15;

export const featureNames = ['hour', 'weekday', 'distance', 'origin', 'destination', 'recent_delay'] as const;

const [hourMs, dayMs] = [3_600_000, 86_400_000];

/** @param recent of `recentDelays` */
export function featuresOf(flights: Flights, recent: Float64Array, row: number): FlightFeatures {
  const at = flights.departed[row]!;
  const delay = recent[row]!;
  return {
    hour: Math.floor((at % dayMs) / hourMs),
    // 1970-01-01 was a Thursday.
    weekday: ((Math.floor(at / dayMs) + 3) % 7) + 1,
    distance: flights.distance[row]!,
    origin: airportOf(flights.origin, row),
    destination: airportOf(flights.destination, row),
    recent_delay: Number.isNaN(delay) ? null : Math.round(100 * delay) / 100,
  };
}

export const punctualityOf = ({ delay }: Flights, row: number): Punctuality =>
  delay[row]! >= lateFromMinutes ? 'late' : 'on_time';
