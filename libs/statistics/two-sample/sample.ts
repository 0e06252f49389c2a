/** A test's statistic and the chance, without a difference, of one at least as extreme. */
export interface TestResult {
  readonly statistic: number;
  readonly pValue: number;
}

/**
 * What a test may read: values ascending and finite, at least `least` of them.
 * @throws RangeError that names the sample and the first place at fault.
 */
export function requireSample(name: string, values: Float64Array, least = 1): void {
  const { length } = values;
  if (length < least)
    throw new RangeError(`${name}: expected at least ${least} value${least === 1 ? '' : 's'}, got ${length}`);
  let previous = values[0]!;
  // NaN is above nothing, so that this finds it too; infinities can only stand at the ends.
  let ascending = previous > -Infinity && values[length - 1]! < Infinity;
  for (let place = 1; ascending && place < length; place++) {
    const value = values[place]!;
    ascending = value >= previous;
    previous = value;
  }
  if (!ascending) refuse(name, values);
}

function refuse(name: string, values: Float64Array): never {
  const infinite = values.findIndex((value) => !Number.isFinite(value));
  if (infinite >= 0) throw new RangeError(`${name}[${infinite}]: expected a finite number, got ${values[infinite]}`);
  const place = values.findIndex((value, index) => index > 0 && value < values[index - 1]!);
  throw new RangeError(`${name}[${place}]: expected ascending values, got ${values[place]} after ${values[place - 1]}`);
}

/** @throws RangeError unless the value is a whole number that is at least `least`. */
export function requireCount(name: string, value: number, least = 0): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${name}: expected a whole number that is at least ${least}, got ${value}`);
  }
}
