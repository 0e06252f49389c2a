import type { DatePart } from '#libs/contracts/index.js';

/** Days from 0000-03-01 to 1970-01-01, in the proleptic Gregorian calendar. */
export const epochDay = 719_468;

/**
 * Parts of timestamps, one array of float32 for each part asked for.
 * @param times milliseconds since the epoch, NaN where missing.
 */
export function datePartsOf(times: Float64Array, rows: Int32Array | null, parts: readonly DatePart[]): Float32Array[] {
  const count = rows?.length ?? times.length;
  const columns = parts.map(() => new Float32Array(count));
  for (let at = 0; at < count; at++) {
    const fields = fieldsOf(times[rows === null ? at : rows[at]!]!);
    for (const [position, part] of parts.entries()) columns[position]![at] = fields[part];
  }
  return columns;
}

/** Years are taken to begin in March, so that the leap day is their last. */
export const marchYear = {
  /** Days before each of its months. */
  daysBefore: [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337],
  /** Days before January, when the number of the year goes up. */
  untilJanuary: 306,
} as const;

/** Of each day of such a year, its month from 1, January, and its day of the month from 1. */
export const daysOfYear: readonly { readonly month: number; readonly day: number }[] = Array.from(
  { length: 366 },
  (_, dayOfYear) => {
    const fromMarch = marchYear.daysBefore.findLastIndex((before) => before <= dayOfYear);
    return { month: ((fromMarch + 2) % 12) + 1, day: dayOfYear - marchYear.daysBefore[fromMarch]! + 1 };
  },
);

/** The civil date of a day number by eras of 400 years (H. Hinnant, chrono-compatible low-level date algorithms). */
function fieldsOf(time: number): Readonly<Record<DatePart, number>> {
  const minutes = Math.floor(time / 60_000);
  const epochDays = Math.floor(minutes / 1440);
  const minuteOfDay = minutes - epochDays * 1440;
  const day = epochDays + epochDay;
  const era = Math.floor(day / 146_097);
  const dayOfEra = day - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - (365 * yearOfEra + leapDays);
  const date = daysOfYear[dayOfYear];
  return {
    year: era * 400 + yearOfEra + (dayOfYear >= marchYear.untilJanuary ? 1 : 0),
    month: date?.month ?? Number.NaN,
    day: date?.day ?? Number.NaN,
    // 0000-03-01 was a Wednesday.
    weekday: (((day + 2) % 7) + 7) % 7,
    hour: Math.floor(minuteOfDay / 60),
    minute: minuteOfDay % 60,
    epoch_days: epochDays,
  };
}
