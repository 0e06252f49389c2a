import type { NormalEquations } from './least-squares.js';

export interface Descent {
  readonly x: Float64Array;
  /** Passes over the coordinates. */
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Minimises ½·xᵀAx − bᵀx + Σ l1ⱼ·|xⱼ|, one coordinate after the other, with the products kept up to date (Friedman, Hastie
 * and Tibshirani 2010). Ends after a pass that moves no coordinate by more than `tolerance`. `beforePass` is awaited.
 */
export async function coordinateDescent(
  { matrix: { size, values }, products }: NormalEquations,
  l1: Float64Array,
  stopping: { tolerance: number; maxIterations: number; beforePass: (done: number) => Promise<void> },
): Promise<Descent> {
  const x = new Float64Array(size);
  /** b − A·x */
  const rest = products.slice();
  for (let iterations = 1; iterations <= stopping.maxIterations; iterations++) {
    await stopping.beforePass(iterations - 1);
    let moved = 0;
    for (let j = 0; j < size; j++) {
      const diagonal = values[j * size + j]!;
      const next = softened(rest[j]! + diagonal * x[j]!, l1[j]!) / diagonal;
      const step = next - x[j]!;
      if (step === 0) continue;
      x[j] = next;
      for (let k = 0; k < size; k++) rest[k]! -= step * values[j * size + k]!;
      moved = Math.max(moved, Math.abs(step));
    }
    if (moved <= stopping.tolerance) return { x, iterations, converged: true };
  }
  return { x, iterations: stopping.maxIterations, converged: false };
}

const softened = (value: number, by: number): number => Math.sign(value) * Math.max(Math.abs(value) - by, 0);
