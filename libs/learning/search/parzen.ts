import type { Random } from '../random.js';
import { countOf, unitOf, valueAt, type Configuration, type Dimension, type Subspace, type Value } from './space.js';

/**
 * An estimate of the density of configurations of one algorithm (Parzen windows): one product kernel around each of those
 * that were seen and a prior over the whole space, all of one weight. Kernels are products, so that what belongs together
 * is drawn together (Falkner, Klein and Hutter 2018). Numbers have a normal kernel cut to the range, on the scale that they
 * are drawn on; choices keep their value but for a share that all of them divide.
 */
export interface Parzen {
  draw(random: Random): Configuration;
  logDensity(configuration: Configuration): number;
}

/** Kernel widths as a share of the range: of the prior, and of one kernel (it narrows as more are seen). */
const priorWidth = 1;
const firstWidth = 0.2;

export function parzenOf(subspace: Subspace, seen: readonly Configuration[]): Parzen {
  const { algorithm, dimensions } = subspace;
  const kernels = seen.length + 1;
  const width = Math.max(firstWidth * kernels ** (-1 / (dimensions.length + 4)), 1 / Math.min(100, kernels + 1));
  const marginals = dimensions.map((dimension) => marginalOf(dimension, seen, width));
  return {
    draw(random) {
      const kernel = random.below(kernels);
      const values = marginals.map(({ name, draw }) => [name, draw(kernel, random)]);
      return { algorithm, hyperparameters: Object.fromEntries(values) as Configuration['hyperparameters'] };
    },
    logDensity({ hyperparameters }) {
      const logs = new Float64Array(kernels);
      for (const { name, addLogDensities } of marginals) addLogDensities(hyperparameters[name]!, logs);
      return logSumOfExponentials(logs) - Math.log(kernels);
    },
  };
}

/** One dimension of every kernel; the last kernel is the prior. */
interface Marginal {
  readonly name: string;
  readonly draw: (kernel: number, random: Random) => Value;
  /** Adds the log of the density of `value` under each kernel to `logs`. */
  readonly addLogDensities: (value: Value, logs: Float64Array) => void;
}

function marginalOf({ name, range }: Dimension, seen: readonly Configuration[], width: number): Marginal {
  const values = seen.map(({ hyperparameters }) => hyperparameters[name]!);
  if ('choice' in range) return choiceMarginal(name, range.choice, values);
  const centres = Float64Array.from([...values.map((value) => unitOf(range, value as number)), 0.5]);
  // Narrower than half a step, kernels of whole numbers would miss their neighbours.
  const own = Math.max(width, 0.5 / countOf(range));
  const widths = Float64Array.from(centres, (_, kernel) => (kernel < values.length ? own : priorWidth));
  const logScales = widths.map((sd, kernel) => -Math.log(sd * massInside(centres[kernel]!, sd)));
  return {
    name,
    draw: (kernel, random) => valueAt(range, drawInside(centres[kernel]!, widths[kernel]!, random)),
    addLogDensities(value, logs) {
      const at = unitOf(range, value as number);
      for (let kernel = 0; kernel < logs.length; kernel++) {
        const distance = (at - centres[kernel]!) / widths[kernel]!;
        logs[kernel]! += logScales[kernel]! - (distance * distance) / 2;
      }
    },
  };
}

function choiceMarginal(name: string, choice: readonly Value[], values: readonly Value[]): Marginal {
  const centres = values.map((value) => choice.indexOf(value));
  // One observation and, divided over the choices, the weight of one kernel among all.
  const shared = 1 / (values.length + 1);
  const each = shared / choice.length / (1 + shared);
  const [own, other, prior] = [Math.log(each + 1 / (1 + shared)), Math.log(each), -Math.log(choice.length)];
  return {
    name,
    draw(kernel, random) {
      const centre = centres[kernel];
      const kept = centre !== undefined && random.float() * (1 + shared) < 1;
      return kept ? choice[centre]! : choice[random.below(choice.length)]!;
    },
    addLogDensities(value, logs) {
      const at = choice.indexOf(value);
      for (let kernel = 0; kernel < values.length; kernel++) logs[kernel]! += centres[kernel] === at ? own : other;
      logs[values.length]! += prior;
    },
  };
}

function drawInside(centre: number, sd: number, random: Random): number {
  for (;;) {
    const at = centre + sd * random.normal();
    if (at >= 0 && at < 1) return at;
  }
}

/** The share of a normal distribution that lies in 0 to 1. */
const massInside = (mean: number, sd: number): number => normalCdf((1 - mean) / sd) - normalCdf(-mean / sd);

/** To 1e-7 (Abramowitz and Stegun 1964, 7.1.26). */
function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - polynomial * Math.exp(-x * x);
  return (1 + Math.sign(z) * erf) / 2;
}

function logSumOfExponentials(logs: Float64Array): number {
  let largest = -Infinity;
  for (const log of logs) if (log > largest) largest = log;
  let sum = 0;
  for (const log of logs) sum += Math.exp(log - largest);
  return largest + Math.log(sum);
}
