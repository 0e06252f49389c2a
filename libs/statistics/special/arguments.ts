/** @throws RangeError unless the value is finite and above 0. */
export function requirePositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${name}: expected a finite number above 0, got ${value}`);
}

/** @throws RangeError unless the value is at least 0; ∞ is allowed. */
export function requireNotNegative(name: string, value: number): void {
  if (!(value >= 0)) throw new RangeError(`${name}: expected a number that is at least 0, got ${value}`);
}

/** @throws RangeError for NaN. */
export function requireNumber(name: string, value: number): void {
  if (Number.isNaN(value)) throw new RangeError(`${name}: expected a number, got NaN`);
}

/** @throws RangeError unless the value is 0 to 1. */
export function requireProbability(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name}: expected a probability, 0 to 1, got ${value}`);
}

/** @throws RangeError unless the value is a whole number from 1. */
export function requireSize(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name}: expected a whole number above 0, got ${value}`);
  }
}
