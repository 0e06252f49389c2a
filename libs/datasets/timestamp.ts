/**
 * What counts as a timestamp: a date, or a date and a time of day with an optional zone, of the profile of ISO 8601 that
 * RFC 3339 describes. Groups: year, month, day, hour, minute, second, fraction, zone. Days that a month does not have
 * still match. No look-around, so that RE2 reads it too (ONNX's RegexFullMatch).
 */
export const timestampPattern =
  /^(000[1-9]|00[1-9]\d|0[1-9]\d{2}|[1-9]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/;

const minute = 60_000;
const day = 86_400_000;

/** Characters of `2024-02-29T12:30:59.123456789+05:45`, the longest one. */
const longest = 35;

const scratch = Buffer.alloc(3 * longest);

/**
 * Milliseconds since 1970-01-01T00:00Z of the proleptic Gregorian calendar, years 0001 to 9999; NaN if the text is no
 * timestamp. Without a zone it is UTC; digits beyond milliseconds are cut off; there are no leap seconds.
 */
export function parseTimestamp(text: string): number {
  return text.length > longest ? Number.NaN : parseTimestampBytes(scratch, 0, scratch.write(text));
}

/** As `parseTimestamp`, of the UTF-8 from `start` until before `end`. */
export function parseTimestampBytes(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length < 10 || length > longest || bytes[start + 4] !== hyphen || bytes[start + 7] !== hyphen) return Number.NaN;
  const year = 100 * pair(bytes, start) + pair(bytes, start + 2);
  const month = pair(bytes, start + 5);
  const dayOfMonth = pair(bytes, start + 8);
  if (!(year >= 1 && month >= 1 && month <= 12 && dayOfMonth >= 1 && dayOfMonth <= daysOfMonth(year, month)))
    return Number.NaN;
  const time = length === 10 ? 0 : timeOfDay(bytes, start + 10, end);
  return daysSinceEpoch(year, month, dayOfMonth) * day + time;
}

const [hyphen, plus, colon, point, space, t, z, zero] = [0x2d, 0x2b, 0x3a, 0x2e, 0x20, 0x54, 0x5a, 0x30];

/** Two digits; NaN if they are none. */
function pair(bytes: Buffer, at: number): number {
  const tens = bytes[at]! - zero;
  const ones = bytes[at + 1]! - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN;
}

/** Milliseconds of `T12:30:59.5+01:00` up to `end`, less what its zone is ahead of UTC; NaN if it is none. */
function timeOfDay(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] !== t && bytes[start] !== space) return Number.NaN;
  let time = hoursAndMinutes(bytes, start + 1, end);
  let at = start + 6;
  if (bytes[at] === colon && at < end) {
    const seconds = at + 3 <= end ? pair(bytes, at + 1) : Number.NaN;
    time += seconds < 60 ? 1000 * seconds : Number.NaN;
    at += 3;
    if (bytes[at] === point && at < end) {
      const fraction = at + 1;
      for (at++; at < end && isDigit(bytes[at]!); at++);
      if (at === fraction || at - fraction > 9) return Number.NaN;
      for (let place = 0; place < 3 && fraction + place < at; place++)
        time += (bytes[fraction + place]! - zero) * [100, 10, 1][place]!;
    }
  }
  return at === end ? time : time - zone(bytes, at, end);
}

/** Milliseconds of `12:30`; NaN if it is none. */
function hoursAndMinutes(bytes: Buffer, at: number, end: number): number {
  if (at + 5 > end || bytes[at + 2] !== colon) return Number.NaN;
  const [hours, minutes] = [pair(bytes, at), pair(bytes, at + 3)];
  return hours < 24 && minutes < 60 ? (60 * hours + minutes) * minute : Number.NaN;
}

/** Milliseconds that a zone is ahead of UTC; NaN if it is none, or not all there is up to `end`. */
function zone(bytes: Buffer, at: number, end: number): number {
  const sign = bytes[at];
  if (sign === z) return at + 1 === end ? 0 : Number.NaN;
  if ((sign !== plus && sign !== hyphen) || at + 6 !== end) return Number.NaN;
  const ahead = hoursAndMinutes(bytes, at + 1, end);
  return sign === hyphen ? -ahead : ahead;
}

const isDigit = (byte: number): boolean => byte >= zero && byte <= zero + 9;

/** @param month from 1. */
function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Years are taken to begin in March, so that the leap day is their last. */
function daysSinceEpoch(year: number, month: number, dayOfMonth: number): number {
  const y = month > 2 ? year : year - 1;
  const monthsFromMarch = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * monthsFromMarch + 2) / 5) + dayOfMonth - 1;
  // 719,468 days lie between 0000-03-01 and 1970-01-01.
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}
