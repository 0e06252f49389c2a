import type { Flights } from './flights.js';

export const minute = 60_000;

/** Miles a minute, and minutes for taking off and landing. */
const [speed, ground] = [7.5, 30];

/**
 * When the flight has landed, and it is known how late: whole minutes after its departure, at least one. The data do not say
 * it, so it is estimated from the distance: half an hour, and 450 miles an hour.
 */
export const endOf = ({ departed, distance }: Flights, row: number): number =>
  departed[row]! + Math.ceil(ground + distance[row]! / speed) * minute;
