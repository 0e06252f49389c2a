/**
 * The number with the fewest significant digits that rounds to the same float32: 0.1, not 0.10000000149011612. Nine
 * digits always do. Of equally short ones the nearest is taken. Whole numbers that JSON holds exactly, NaN and infinities are returned as they are.
 */
export function shortestFloat32(value: number): number {
  if (!Number.isFinite(value) || Number.isSafeInteger(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const nearest = value.toExponential(digits - 1);
    // Below a power of two the float32 neighbours are closer on one side: a decimal that is not the nearest may round
    // to the value where the nearest one does not.
    for (const candidate of [nearest, neighbour(nearest, 1), neighbour(nearest, -1)]) {
      const number = Number(candidate);
      if (Math.fround(number) === value) return number;
    }
  }
  return Number(value.toExponential(8));
}

/** The decimal whose last digit is one more or less. */
function neighbour(exponential: string, step: number): string {
  const [mantissa = '', exponent = '0'] = exponential.split('e');
  const fraction = mantissa.split('.')[1]?.length ?? 0;
  const units = BigInt(mantissa.replace('.', '')) + BigInt(step) * (mantissa.startsWith('-') ? -1n : 1n);
  return `${units}e${Number(exponent) - fraction}`;
}
