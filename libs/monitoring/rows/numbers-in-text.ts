/** A date, or a date and a time of day with an optional zone: RFC 3339's profile of ISO 8601, as data sets have it. */
const instant = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * The number that stands in a text: a decimal number, or of a timestamp the milliseconds since 1970 (UTC without a zone,
 * digits beyond milliseconds cut off). NaN for any other text.
 */
export function numberInText(text: string): number {
  const found = instant.exec(text);
  if (found === null) return /^[+-]?(\d|\.\d)/.test(text) ? Number(text) : Number.NaN;
  const [, date, time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = found;
  return Date.parse(`${date!}T${time}:${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`);
}
