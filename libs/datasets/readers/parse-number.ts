/** Powers of ten that float64 holds exactly. */
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Below it, another digit still fits 2^53. */
const roomForDigit = 900_719_925_474_099;

const [space, tab, cr, plus, minus, point, zero, nine] = [0x20, 0x09, 0x0d, 0x2b, 0x2d, 0x2e, 0x30, 0x39];

/**
 * A decimal number, with spaces around it or not, exactly as `Number` reads its text; `inf` and `infinity` in any case are
 * infinite. NaN for all else, hexadecimal and empty included.
 *
 * Digits up to 2^53 and a power of ten up to 10^22 are both exact in float64, so that one operation rounds once (Clinger
 * 1990). Digits beyond, up to 19, are carried along in a second float64; where the two do not decide the rounding, and for
 * larger powers, `Number` is asked.
 */
export function parseNumber(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(bytes[at]!)) at++;
  while (end > at && isSpace(bytes[end - 1]!)) end--;
  const from = at;
  const first = bytes[at];
  const negative = first === minus;
  if (negative || first === plus) at++;

  let mantissa = 0;
  let exponent = 0;
  const whole = at;
  for (; at < end && mantissa < roomForDigit; at++) {
    const digit = bytes[at]! - zero;
    if (digit < 0 || digit > 9) break;
    mantissa = mantissa * 10 + digit;
  }
  let digits = at - whole;
  let inFraction = at < end && bytes[at] === point;
  if (inFraction) {
    const fraction = ++at;
    for (; at < end && mantissa < roomForDigit; at++) {
      const digit = bytes[at]! - zero;
      if (digit < 0 || digit > 9) break;
      mantissa = mantissa * 10 + digit;
    }
    exponent = fraction - at;
    digits -= exponent;
  }
  let tail = 0;
  let tailDigits = 0;
  for (; at < end && mantissa >= roomForDigit; at++) {
    const digit = bytes[at]! - zero;
    if (digit >= 0 && digit <= 9) {
      if (inFraction) exponent--;
      if (tailDigits++ < 4) tail = tail * 10 + digit;
    } else if (bytes[at] === point && !inFraction) inFraction = true;
    else break;
  }
  if (digits === 0) return isInfinity(bytes, at, end) ? (negative ? -Infinity : Infinity) : Number.NaN;
  if (at < end) {
    const written = exponentAt(bytes, at, end);
    if (Number.isNaN(written)) return Number.NaN;
    exponent += written;
  }
  const size = tailDigits > 4 ? Number.NaN : scaled(mantissa, tail, tailDigits, exponent);
  if (Number.isNaN(size)) return Number(latin1(bytes, from, end));
  return negative ? -size : size;
}

/** Bytes that `readDecimal` looks at, at most. */
export const longestDecimal = 21;

/**
 * The number of the bytes from `start` on if they are `-12.5` or the like, of at most 18 digits: `into[index]` becomes what
 * `parseNumber` would read, or NaN if there is no such number. So a walk over a file reads most numbers on its way.
 * @param bytes with at least `longestDecimal` of them from `start` on.
 * @returns behind the digits. What stands there, digits too, belongs to the value; then it is for `parseNumber`.
 */
export function readDecimal(bytes: Buffer, start: number, into: Float64Array, index: number): number {
  const negative = bytes[start] === minus;
  const from = negative ? start + 1 : start;
  let at = from;
  // Nine digits are the most that 32 bits hold, and whole numbers are faster to add up.
  let high = 0;
  let behindPoint = -1;
  let until = at + 9;
  for (; at < until; at++) {
    const digit = bytes[at]! - zero;
    if (digit >= 0 && digit <= 9) high = (high * 10 + digit) | 0;
    else if (digit === point - zero && behindPoint < 0) {
      behindPoint = at + 1;
      until++;
    } else break;
  }
  let low = 0;
  let lowDigits = 0;
  if (at === until) {
    for (until += 9; at < until; at++) {
      const digit = bytes[at]! - zero;
      if (digit >= 0 && digit <= 9) {
        low = (low * 10 + digit) | 0;
        lowDigits++;
      } else if (digit === point - zero && behindPoint < 0) {
        behindPoint = at + 1;
        until++;
      } else break;
    }
  }
  const decimals = behindPoint < 0 ? 0 : at - behindPoint;
  const digits = at - from - (behindPoint < 0 ? 0 : 1);
  if (digits === 0) into[index] = Number.NaN;
  else {
    const size =
      digits <= 15 || high === 0
        ? (high * powers[lowDigits]! + low) / powers[decimals]!
        : scaled(high, low, lowDigits, -decimals);
    into[index] = negative ? -size : size;
  }
  return at;
}

/** As `trim` has it, of ASCII. */
const isSpace = (byte: number): boolean => byte === space || (byte >= tab && byte <= cr);

/** Of `e-5`, up to the end; NaN if it is none. */
function exponentAt(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] !== 0x65 && bytes[start] !== 0x45) return Number.NaN;
  let at = start + 1;
  const negative = bytes[at] === minus;
  if (negative || bytes[at] === plus) at++;
  if (at >= end) return Number.NaN;
  let value = 0;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < zero || byte > nine) return Number.NaN;
    value = Math.min(value * 10 + (byte - zero), 1_000_000);
  }
  return negative ? -value : value;
}

function isInfinity(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length !== 3 && length !== 8) return false;
  return /^inf(?:inity)?$/i.test(latin1(bytes, start, end));
}

/** (mantissa · 10^tailDigits + tail) · 10^exponent, rounded once; NaN where that is not certain. */
function scaled(mantissa: number, tail: number, tailDigits: number, exponent: number): number {
  if (mantissa === 0) return 0;
  if (exponent > 22 || exponent < -22) return Number.NaN;
  if (tailDigits === 0) return exponent < 0 ? mantissa / powers[-exponent]! : mantissa * powers[exponent]!;
  const shift = powers[tailDigits]!;
  const product = mantissa * shift;
  const low = productError(mantissa, shift, product) + tail;
  const high = product + low;
  const rest = low - (high - product);
  if (exponent === 0) return high;
  return exponent < 0 ? quotient(high, rest, powers[-exponent]!) : productOf(high, rest, powers[exponent]!);
}

function quotient(high: number, low: number, divisor: number): number {
  const result = high / divisor;
  const back = result * divisor;
  const rest = high - back - productError(result, divisor, back) + low;
  return decided(result, rest / divisor);
}

function productOf(high: number, low: number, factor: number): number {
  const result = high * factor;
  return decided(result, productError(high, factor, result) + low * factor);
}

/** `correction` is off by less than 2^-99 of the value. */
function decided(value: number, correction: number): number {
  const uncertain = value * 2 ** -99;
  const below = value + (correction - uncertain);
  return below === value + (correction + uncertain) ? below : Number.NaN;
}

/** a · b − `product`, exactly (Dekker 1971). */
function productError(a: number, b: number, product: number): number {
  const [aScaled, bScaled] = [134_217_729 * a, 134_217_729 * b];
  const aHigh = aScaled - (aScaled - a);
  const bHigh = bScaled - (bScaled - b);
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

const latin1 = (bytes: Buffer, start: number, end: number): string => bytes.toString('latin1', start, end);
