/** Arrays that threads share. */
export const floats = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(length * 8));
export const integers = (length: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(length * 4));

export function sharedFloats(values: Float64Array): Float64Array {
  const shared = floats(values.length);
  shared.set(values);
  return shared;
}

export function sharedIntegers(values: Uint32Array): Uint32Array {
  const shared = integers(values.length);
  shared.set(values);
  return shared;
}
