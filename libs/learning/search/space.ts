import type {
  Algorithm,
  GivenParameters,
  ParameterRange,
  ParameterSpace,
  SearchSpaces,
} from '#libs/contracts/index.js';
import { Random } from '../random.js';

/** What a trial trains: an algorithm and the hyper-parameters that its space gives. */
export interface Configuration {
  readonly algorithm: Algorithm;
  readonly hyperparameters: GivenParameters;
}

export type Value = GivenParameters[string];

/** One hyper-parameter of an algorithm. */
export interface Dimension {
  readonly name: string;
  readonly range: ParameterRange;
}

/** An algorithm's space: its dimensions in order of their names, so that the order of keys in a file means nothing. */
export interface Subspace {
  readonly algorithm: Algorithm;
  readonly dimensions: readonly Dimension[];
  /** How many different configurations it has; more than `mostCounted` are as good as endless. */
  readonly size: number;
}

/** As many as a search may have trials. */
const mostCounted = 10_000;

export function subspacesOf(spaces: SearchSpaces): readonly Subspace[] {
  return inOrder(spaces as Record<Algorithm, ParameterSpace>).map(([algorithm, space]) => {
    const dimensions = inOrder(space).map(([name, range]) => ({ name, range }));
    const size = dimensions.reduce((product, { range }) => product * countOf(range), 1);
    return { algorithm: algorithm as Algorithm, dimensions, size: size > mostCounted ? Infinity : size };
  });
}

function inOrder<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Different values of a range. */
export function countOf(range: ParameterRange): number {
  if ('choice' in range) return range.choice.length;
  if ('int' in range) return range.int[1] - range.int[0] + 1;
  return range.float[0] === range.float[1] ? 1 : Infinity;
}

/** The value that lies at `unit`, 0 to 1, of a range. */
export function valueAt(range: ParameterRange, unit: number): Value {
  if ('choice' in range)
    return range.choice[Math.min(Math.floor(unit * range.choice.length), range.choice.length - 1)]!;
  const [low, high] = boundsOf(range);
  const at = low + unit * (high - low);
  const value = range.log ? Math.exp(at) : at;
  if ('int' in range) return clamped(Math.round(value), range.int);
  // Six digits, so that a person can read and repeat what was tried.
  return clamped(Number(value.toPrecision(6)), range.float);
}

/** Where a value lies in its range, 0 to 1: what `valueAt` is given for it. */
export function unitOf(range: Exclude<ParameterRange, { choice: unknown }>, value: number): number {
  const [low, high] = boundsOf(range);
  if (low === high) return 0.5;
  return clamped(((range.log ? Math.log(value) : value) - low) / (high - low), [0, 1]);
}

/** The ends of a range of numbers on the scale that it is drawn on. A whole number takes half a step to either side. */
function boundsOf(range: Exclude<ParameterRange, { choice: unknown }>): readonly [number, number] {
  const [low, high] = 'int' in range ? [range.int[0] - 0.5, range.int[1] + 0.5] : range.float;
  return range.log ? [Math.log(low), Math.log(high)] : [low, high];
}

const clamped = (value: number, [low, high]: readonly [number, number]): number => Math.min(Math.max(value, low), high);

/** Equal for equal configurations. */
export const keyOf = ({ algorithm, hyperparameters }: Configuration): string =>
  JSON.stringify([algorithm, inOrder(hyperparameters)]);

/** How many configurations can be drawn before they repeat. */
export const sizeOf = (subspaces: readonly Subspace[]): number => subspaces.reduce((sum, { size }) => sum + size, 0);

/**
 * The `number`th random configuration, from 0; null where all have been drawn. Algorithms take turns, so that a few draws
 * try each of them; a space that can be counted is drawn without repetition.
 */
export const drawn = (subspaces: readonly Subspace[], seed: number, number: number): Configuration | null =>
  drawsOf(subspaces, seed)(number);

/** As `drawn`, for many numbers: what can be counted is shuffled once. */
export function drawsOf(subspaces: readonly Subspace[], seed: number): (number: number) => Configuration | null {
  const orders = new Map<number, Uint32Array>();
  const shuffled = (index: number): Uint32Array => {
    const numbers = Uint32Array.from({ length: subspaces[index]!.size }, (_, each) => each);
    return new Random(seed, streams.draw, index).shuffle(numbers);
  };
  return (number) => {
    const turn = turnOf(subspaces, number);
    if (turn === null) return null;
    const subspace = subspaces[turn.subspace]!;
    if (subspace.size > mostCounted) {
      return configurationAt(subspace, new Random(seed, streams.draw, turn.subspace, turn.round));
    }
    const order = orders.get(turn.subspace) ?? shuffled(turn.subspace);
    orders.set(turn.subspace, order);
    return configurationNumber(subspace, order[turn.round]!);
  };
}

/** What is drawn from the seed for different purposes. */
export const streams = { draw: 1, model: 2 } as const;

/** Whose turn the `number`th draw is, and how many it has had before. */
function turnOf(subspaces: readonly Subspace[], number: number): { subspace: number; round: number } | null {
  if (number >= sizeOf(subspaces)) return null;
  let left = number;
  for (let round = 0; ;) {
    const taking = [...subspaces.keys()].filter((index) => subspaces[index]!.size > round);
    const until = Math.min(...taking.map((index) => subspaces[index]!.size));
    const rounds = Math.min(Math.floor(left / taking.length), until - round);
    left -= rounds * taking.length;
    round += rounds;
    if (round < until) return { subspace: taking[left]!, round };
  }
}

export function configurationAt({ algorithm, dimensions }: Subspace, random: Random): Configuration {
  const hyperparameters = dimensions.map(({ name, range }) => [name, valueAt(range, random.float())]);
  return { algorithm, hyperparameters: Object.fromEntries(hyperparameters) as GivenParameters };
}

/** Of a space that can be counted: its configurations in order, the last dimension turning fastest. */
function configurationNumber({ algorithm, dimensions }: Subspace, number: number): Configuration {
  let left = number;
  const values = dimensions.toReversed().map(({ name, range }) => {
    const count = countOf(range);
    const digit = left % count;
    left = Math.floor(left / count);
    return [name, countedValue(range, digit)] as const;
  });
  return { algorithm, hyperparameters: Object.fromEntries(values.toReversed()) };
}

function countedValue(range: ParameterRange, number: number): Value {
  if ('choice' in range) return range.choice[number]!;
  return 'int' in range ? range.int[0] + number : range.float[0];
}
