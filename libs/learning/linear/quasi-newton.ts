/** A smooth convex function plus Σ l1ᵢ·|xᵢ|. */
export interface Problem {
  /** The smooth part at x; writes its gradient. */
  readonly value: (x: Float64Array, gradient: Float64Array) => number;
  /** Not negative, one for each coordinate; all 0: a smooth problem. */
  readonly l1: Float64Array;
}

export interface Stopping {
  /** The largest element of the (minimum-norm sub-)gradient that is taken for none. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Awaited before every iteration; what it throws ends the search. */
  readonly beforeIteration: (done: number, value: number) => Promise<void>;
}

export interface Minimum {
  readonly x: Float64Array;
  readonly iterations: number;
  /** Whether the tolerance was reached. */
  readonly converged: boolean;
}

/** Pairs of steps and changes of the gradient that stand for the curvature (Nocedal and Wright 2006, section 7.2). */
const memory = 12;
/** Share of the decrease that the slope promises which a step has to reach. */
const sufficient = 1e-4;
/** Rounding of the function's value, relative: below it a decrease cannot be seen. */
const rounding = 1e-14;
const mostHalvings = 50;

interface State {
  readonly x: Float64Array;
  readonly gradient: Float64Array;
  /** Penalty included. */
  readonly value: number;
}

interface Pair {
  readonly step: Float64Array;
  /** Of the smooth part's gradient. */
  readonly change: Float64Array;
}

/**
 * Limited-memory BFGS; with l1, its orthant-wise form (Andrew and Gao 2007): the quadratic model is of the smooth part, a
 * step never leaves the orthant it starts in, and coordinates that would are 0. Expects coordinates of about equal
 * curvature. Deterministic.
 */
export async function minimise(problem: Problem, start: Float64Array, stopping: Stopping): Promise<Minimum> {
  let state = stateAt(problem, start);
  let pairs: Pair[] = [];
  for (let iterations = 0; ; iterations++) {
    await stopping.beforeIteration(iterations, state.value);
    const slope = steepest(state, problem.l1);
    if (largest(slope) <= stopping.tolerance) return { x: state.x, iterations, converged: true };
    if (iterations === stopping.maxIterations) return { x: state.x, iterations, converged: false };
    let next = lineSearch(problem, state, slope, directionOf(state, slope, pairs, problem.l1));
    if (next === null && pairs.length > 0) {
      pairs = [];
      next = lineSearch(problem, state, slope, directionOf(state, slope, pairs, problem.l1));
    }
    if (next === null) return { x: state.x, iterations, converged: false };
    pairs = remembered(pairs, state, next);
    state = next;
  }
}

function stateAt({ value, l1 }: Problem, x: Float64Array): State {
  const gradient = new Float64Array(x.length);
  let total = value(x, gradient);
  for (let i = 0; i < x.length; i++) total += l1[i]! * Math.abs(x[i]!);
  return { x, gradient, value: total };
}

/** The subgradient of least norm: 0 in a coordinate at 0 that the penalty holds there. */
function steepest({ x, gradient }: State, l1: Float64Array): Float64Array {
  return gradient.map((smooth, i) => {
    const penalty = l1[i]!;
    if (x[i]! !== 0) return smooth + penalty * Math.sign(x[i]!);
    return Math.sign(smooth) * Math.max(Math.abs(smooth) - penalty, 0);
  });
}

/**
 * −H · slope by the two loops, over the free coordinates alone: what the penalty holds at 0 has no part in the curvature
 * that the others meet (as in the sub-gradient methods of Schmidt 2010). A coordinate that leaves 0 goes down its slope or stays.
 */
function directionOf({ x }: State, slope: Float64Array, pairs: readonly Pair[], l1: Float64Array): Float64Array {
  const free = Uint8Array.from(slope, (value, i) => Number(l1[i] === 0 || x[i] !== 0 || value !== 0));
  const direction = slope.map((value) => -value);
  const usable = pairs.flatMap((pair) => {
    const curvature = dot(pair.step, pair.change, free);
    const squares = dot(pair.change, pair.change, free);
    return curvature > Number.EPSILON * squares ? [{ ...pair, curvature, squares, share: 0 }] : [];
  });
  for (const pair of usable.toReversed()) {
    pair.share = dot(pair.step, direction, free) / pair.curvature;
    addScaled(direction, -pair.share, pair.change, free);
  }
  const newest = usable.at(-1);
  if (newest !== undefined) scale(direction, newest.curvature / newest.squares);
  for (const { step, change, curvature, share } of usable) {
    addScaled(direction, share - dot(change, direction, free) / curvature, step, free);
  }
  return direction.map((value, i) => (l1[i]! > 0 && x[i] === 0 && value * slope[i]! >= 0 ? 0 : value));
}

/** Halves the step until the value falls by enough; null: no step does. */
function lineSearch(problem: Problem, from: State, slope: Float64Array, direction: Float64Array): State | null {
  const slack = rounding * Math.abs(from.value);
  for (let halvings = 0, length = 1; halvings < mostHalvings; halvings++, length /= 2) {
    const x = inOrthant(from.x, slope, direction, length, problem.l1);
    let promised = 0;
    for (let i = 0; i < x.length; i++) promised += slope[i]! * (x[i]! - from.x[i]!);
    if (promised >= 0) return null;
    const state = stateAt(problem, x);
    if (state.value <= from.value + sufficient * promised + slack) return state;
  }
  return null;
}

function inOrthant(
  x: Float64Array,
  slope: Float64Array,
  direction: Float64Array,
  length: number,
  l1: Float64Array,
): Float64Array {
  return x.map((value, i) => {
    const moved = value + length * direction[i]!;
    if (l1[i]! === 0) return moved;
    const orthant = value === 0 ? -Math.sign(slope[i]!) : Math.sign(value);
    return Math.sign(moved) === orthant ? moved : 0;
  });
}

function remembered(pairs: readonly Pair[], before: State, after: State): Pair[] {
  const step = after.x.map((value, i) => value - before.x[i]!);
  const change = after.gradient.map((value, i) => value - before.gradient[i]!);
  return [...pairs.slice(1 - memory), { step, change }];
}

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function dot(a: Float64Array, b: Float64Array, free: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += free[i]! * a[i]! * b[i]!;
  return sum;
}

function addScaled(to: Float64Array, factor: number, values: Float64Array, free: Uint8Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += free[i]! * factor * values[i]!;
}

function scale(values: Float64Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= factor;
}
