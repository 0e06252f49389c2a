/** A number that `readJsonNumber` has read, and where it ends. One for each reader: no object a number. */
export interface NumberSpan {
  value: number;
  /** Behind its last byte; 0 where there was none. */
  end: number;
}

const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
const upperE = 0x45;
const lowerE = 0x65;

/** Decimal digits that any float64 holds, and the powers of ten that are float64s themselves. */
const exactDigits = 15;
const exactPower = 22;
const powersOfTen = Float64Array.from({ length: exactPower + 1 }, (_, power) => Number(`1e${power}`));
/**
 * Digits up to which the value is known to a part in 2^49: each digit past the fifteenth and the power of ten round by at
 * most 2 × 2^-53, together less than 9 × 2^-53.
 */
const closeDigits = 19;
const closeBy = 2 ** -49;

/**
 * Reads the JSON number (RFC 8259) at `start`: the float64 that `JSON.parse` gives, or with `isSingle` the float32 next to
 * that. Up to 15 digits and a power of ten up to 22 are two float64s whose quotient or product is rounded once (Clinger,
 * How to read floating point numbers accurately, 1990, the exact case). Of a few digits more the value is known closely
 * enough for nearly any float32. All others are left to `Number`.
 * @returns whether there is one
 */
export function readJsonNumber(json: Buffer, start: number, isSingle: boolean, into: NumberSpan): boolean {
  let at = start;
  const isNegative = json[at] === minus;
  if (isNegative) at++;
  const whole = at;
  let mantissa = 0;
  let digits = 0;
  let byte = json[at]!;
  while (byte >= zero && byte <= nine) {
    mantissa = mantissa * 10 + (byte - zero);
    if (mantissa > 0) digits++;
    byte = json[++at]!;
  }
  if (at === whole || (json[whole] === zero && at > whole + 1)) return none(into);
  let power = 0;
  if (byte === point) {
    const fraction = at + 1;
    byte = json[++at]!;
    while (byte >= zero && byte <= nine) {
      mantissa = mantissa * 10 + (byte - zero);
      if (mantissa > 0) digits++;
      byte = json[++at]!;
    }
    if (at === fraction) return none(into);
    power = fraction - at;
  }
  if (byte === lowerE || byte === upperE) {
    byte = json[++at]!;
    const isSmall = byte === minus;
    if (isSmall || byte === plus) byte = json[++at]!;
    const exponent = at;
    let given = 0;
    while (byte >= zero && byte <= nine) {
      given = Math.min(given * 10 + (byte - zero), 10_000);
      byte = json[++at]!;
    }
    if (at === exponent) return none(into);
    power += isSmall ? -given : given;
  }
  into.end = at;
  const magnitude = magnitudeOf(mantissa, digits, power, isSingle);
  if (Number.isNaN(magnitude)) into.value = Number(json.toString('latin1', start, at));
  else into.value = isNegative ? -magnitude : magnitude;
  if (isSingle) into.value = Math.fround(into.value);
  return true;
}

/** Digits that a 31-bit integer holds: they are added up without floating point. */
export const shortDigits = 9;

/**
 * The same for a number of at most nine digits and no exponent, in a third of the time.
 * @returns false for every other text, `readJsonNumber` says what that is
 */
export function readShortNumber(json: Buffer, start: number, isSingle: boolean, into: NumberSpan): boolean {
  const whole = json[start] === minus ? start + 1 : start;
  let at = whole;
  let mantissa = 0;
  // Wraps where there are more digits than may be.
  let digit = json[at]! - zero;
  for (; digit >= 0 && digit <= 9; digit = json[++at]! - zero) mantissa = (mantissa * 10 + digit) | 0;
  const wholeEnd = at;
  let places = 0;
  if (digit === point - zero) {
    digit = json[++at]! - zero;
    for (; digit >= 0 && digit <= 9; digit = json[++at]! - zero) mantissa = (mantissa * 10 + digit) | 0;
    places = at - wholeEnd - 1;
    if (places === 0) return false;
  }
  if (wholeEnd === whole || wholeEnd - whole + places > shortDigits) return false;
  if (json[whole] === zero && wholeEnd > whole + 1) return false;
  if (digit === upperE - zero || digit === lowerE - zero) return false;
  const magnitude = mantissa / powersOfTen[places]!;
  const value = whole > start ? -magnitude : magnitude;
  into.value = isSingle ? Math.fround(value) : value;
  into.end = at;
  return true;
}

/** NaN where rounding could go either way. */
function magnitudeOf(mantissa: number, digits: number, power: number, isSingle: boolean): number {
  if (power < -exactPower || power > exactPower || digits > closeDigits) return Number.NaN;
  const magnitude = power < 0 ? mantissa / powersOfTen[-power]! : mantissa * powersOfTen[power]!;
  if (digits <= exactDigits) return magnitude;
  const isSure = isSingle && Math.fround(magnitude * (1 - closeBy)) === Math.fround(magnitude * (1 + closeBy));
  return isSure ? magnitude : Number.NaN;
}

function none(into: NumberSpan): false {
  into.end = 0;
  return false;
}
